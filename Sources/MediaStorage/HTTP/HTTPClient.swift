import CCurl
import Glibc

/// Sends one request after the other (RFC 9110); a connection stays open for the next one. For one thread.
package final class HTTPClient {
    package struct Failure: Error, CustomStringConvertible {
        package enum Kind: Sendable {
            /// The address is none that may be asked.
            case forbiddenAddress
            /// Too slow, or no answer at all.
            case timeout
            /// The host isn't known or can't be reached.
            case unreachable
            /// The certificate isn't believed, or TLS fails otherwise.
            case tls
            /// The connection ended too early.
            case broken
            /// The URL can't be used, or leads on too often.
            case request
        }

        package let kind: Kind
        package let description: String
    }

    package struct Field: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package enum Body {
        case none
        case bytes([UInt8])
        /// So many bytes; the function fills a buffer with those from an offset on, and returns how many.
        case stream(Int64, (Int64, UnsafeMutableRawBufferPointer) throws -> Int)

        var size: Int64 {
            switch self {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .stream(let size, _): size
            }
        }
    }

    package struct Request {
        package var method: String
        package var url: String
        package var fields: [Field]
        package var body: Body
        /// Whether its answer may take minutes, in which little or nothing comes.
        package var isSlow = false

        package init(_ method: String, _ url: String, fields: [Field] = [], body: Body = .none) {
            self.method = method
            self.url = url
            self.fields = fields
            self.body = body
        }
    }

    /// An answer's head.
    package struct Head: Sendable {
        package let status: Int
        /// In the order in which they came; names in lower case.
        package let fields: [Field]

        package subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

        /// Seconds that it asks to wait; nil where it doesn't, or names a date.
        package var retryAfter: Int? { self["retry-after"].flatMap { Int($0) } }
    }

    package struct Options {
        /// Milliseconds until a connection must be there.
        package var connectTime = 10_000
        /// Milliseconds for all of a request; 0: no limit.
        package var totalTime = 0
        /// Seconds in which nothing to speak of comes or goes before a transfer counts as dead.
        package var stallTime = 30
        /// How often a request may be led on; 0: it isn't.
        package var redirects = 0
        /// PEM file of the certificates that are believed; nil: the system's.
        package var authority: String?
        /// Whether an address may be asked; nil: each may.
        package var allows: ((String) -> Bool)?
        /// Whether the environment may name a proxy.
        package var usesProxy = true

        package init() {}
    }

    /// What a transfer needs; libcurl's callbacks see it as a pointer.
    private final class Transfer {
        let body: Body
        let allows: ((String) -> Bool)?
        let onHead: (Head) throws -> Void
        let sink: (UnsafeRawBufferPointer) throws -> Void
        var fields: UnsafeMutablePointer<curl_slist>?
        var position: Int64 = 0
        var status = 0
        var head: [Field] = []
        var isHeadTold = false
        var isForbidden = false
        var error: (any Error)?

        init(
            _ body: Body, _ allows: ((String) -> Bool)?, _ onHead: @escaping (Head) throws -> Void,
            _ sink: @escaping (UnsafeRawBufferPointer) throws -> Void
        ) {
            self.body = body
            self.allows = allows
            self.onHead = onHead
            self.sink = sink
        }

        deinit { curl_slist_free_all(fields) }

        /// - Returns: whether it went well; if not, `error` says what.
        func trying(_ body: () throws -> Void) -> Bool {
            do {
                try body()
                return true
            } catch {
                self.error = error
                return false
            }
        }

        func tellHead() throws {
            guard !isHeadTold else { return }
            isHeadTold = true
            try onHead(Head(status: status, fields: head))
        }

        func take(line: String) {
            if line.hasPrefix("HTTP/") {
                // Each answer begins anew: those that led on, and 100 (Continue).
                head.removeAll()
                status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                return
            }
            guard let colon = line.firstIndex(of: ":") else { return }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.append(Field(line[..<colon].lowercased(), String(value)))
        }
    }

    /// Milliseconds for what may take minutes.
    private static let slowTime = 600_000

    private let curl: UnsafeMutableRawPointer
    private let options: Options

    // libcurl wants this once, before any thread uses it.
    static let isPrepared = media_curl_global_init() == CURLE_OK

    package init(_ options: Options = Options()) throws(Failure) {
        guard Self.isPrepared, let curl = curl_easy_init() else {
            throw Failure(kind: .request, description: "libcurl can't be used")
        }
        self.curl = curl
        self.options = options
    }

    deinit { curl_easy_cleanup(curl) }

    /// Sends a request and takes its answer.
    ///
    /// - Parameters:
    ///   - onHead: gets the answer's head before its body.
    ///   - sink: gets the body piece by piece.
    /// - Returns: the head.
    /// - Throws: `Failure`; what `onHead`, `sink` or the body's function throws.
    @discardableResult
    package func send(
        _ request: Request, onHead: @escaping (Head) throws -> Void = { _ in },
        sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Head {
        let transfer = Transfer(request.body, options.allows, onHead, sink)
        return try withExtendedLifetime(transfer) {
            // Its connections stay.
            curl_easy_reset(curl)
            try prepare(request, transfer)
            let code = curl_easy_perform(curl)
            if let error = transfer.error { throw error }
            if transfer.isForbidden {
                throw Failure(kind: .forbiddenAddress, description: "the host's address is none that may be asked")
            }
            guard code == CURLE_OK else { throw Self.failure(code) }
            try transfer.tellHead()
            return Head(status: transfer.status, fields: transfer.head)
        }
    }

    /// Sends a request and collects the answer's body.
    ///
    /// - Parameter limit: bytes of the body.
    package func exchange(_ request: Request, limit: Int) throws -> (head: Head, body: [UInt8]) {
        var body: [UInt8] = []
        let head = try send(request) { bytes in
            guard body.count + bytes.count <= limit else {
                throw Failure(kind: .request, description: "the answer is longer than \(limit) bytes")
            }
            body += bytes
        }
        return (head, body)
    }

    private func prepare(_ request: Request, _ transfer: Transfer) throws(Failure) {
        let isSecure = request.url.lowercased().hasPrefix("https:")
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        // What began with TLS doesn't go on without.
        try set(CURLOPT_REDIR_PROTOCOLS_STR, isSecure ? "https" : "http,https")
        try set(CURLOPT_USERAGENT, "media-service")
        if let authority = options.authority { try set(CURLOPT_CAINFO, authority) }
        // Without signals: they would reach any thread.
        for (option, value) in [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, options.redirects > 0 ? 1 : 0),
            (CURLOPT_MAXREDIRS, options.redirects),
            (CURLOPT_TIMEOUT_MS, request.isSlow ? Self.slowTime : options.totalTime),
            (CURLOPT_CONNECTTIMEOUT_MS, options.connectTime), (CURLOPT_LOW_SPEED_LIMIT, 100),
            (CURLOPT_LOW_SPEED_TIME, request.isSlow ? 0 : options.stallTime), (CURLOPT_BUFFERSIZE, 512 << 10),
            (CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10), (CURLOPT_TCP_KEEPALIVE, 1),
        ] {
            try set(option, value)
        }
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        try check(media_curl_set_head_writer(curl, Self.headWriter, context))
        try check(media_curl_set_writer(curl, Self.writer, context))
        // A proxy would reach what isn't to be reached from here, or not reach what is this host's.
        if options.allows != nil || !options.usesProxy { try set(CURLOPT_PROXY, "") }
        if options.allows != nil {
            try check(media_curl_set_opener(curl, Self.opener, context))
        }
        try setBody(request, context)
        // Unless told, libcurl asks for leave to send a body, which costs a round trip.
        for line in ["Expect:"] + request.fields.map({ $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }) {
            transfer.fields = curl_slist_append(transfer.fields, line)
        }
        try check(media_curl_set_fields(curl, transfer.fields))
    }

    private func setBody(_ request: Request, _ context: UnsafeMutableRawPointer) throws(Failure) {
        switch (request.method, request.body) {
        case ("GET", .none): return
        case ("HEAD", .none): return try set(CURLOPT_NOBODY, 1)
        default: break
        }
        try set(CURLOPT_CUSTOMREQUEST, request.method)
        if case .none = request.body, request.method == "DELETE" { return }
        try set(CURLOPT_UPLOAD, 1)
        try check(media_curl_set_size(curl, CURLOPT_INFILESIZE_LARGE, Int(request.body.size)))
        try check(media_curl_set_reader(curl, Self.reader, Self.seeker, context))
    }

    // MARK: Callbacks

    private typealias Pieces =
        @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int

    private static let headWriter: Pieces = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        var end = line.endIndex
        while end > 0, line[end - 1] == 0x0D || line[end - 1] == 0x0A || line[end - 1] == 0x20 { end -= 1 }
        transfer.take(line: String(decoding: line[..<end], as: UTF8.self))
        return size * count
    }

    private static let writer: Pieces = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let isTaken = transfer.trying {
            try transfer.tellHead()
            try transfer.sink(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        return isTaken ? size * count : 0
    }

    private static let reader: Pieces = { bytes, size, count, context in
        guard let bytes, let context else { return Int(CURL_READFUNC_ABORT) }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        var done = 0
        let isRead = transfer.trying {
            switch transfer.body {
            case .none: break
            case .bytes(let all):
                let rest = all.dropFirst(Int(transfer.position)).prefix(buffer.count)
                buffer.copyBytes(from: rest)
                done = rest.count
            case .stream(let size, let read):
                let left = Int(min(Int64(buffer.count), size - transfer.position))
                done =
                    try left == 0
                    ? 0 : read(transfer.position, UnsafeMutableRawBufferPointer(rebasing: buffer[..<left]))
            }
        }
        guard isRead else { return Int(CURL_READFUNC_ABORT) }
        transfer.position += Int64(done)
        return done
    }

    private static let seeker: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, Int32) -> Int32 = {
        context, offset, origin in
        guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().position = Int64(offset)
        return CURL_SEEKFUNC_OK
    }

    private static let opener:
        @convention(c) (UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t =
            { context, _, address in
                guard let context, let address else { return media_curl_bad_socket }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                var text = [CChar](repeating: 0, count: 64)
                guard let field = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return media_curl_bad_socket }
                // libcurl has room for addresses of IPv6 here, which C's type hasn't.
                let name = UnsafeRawPointer(address).advanced(by: field).assumingMemoryBound(to: sockaddr.self)
                guard
                    getnameinfo(
                        name, socklen_t(address.pointee.addrlen), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                        == 0,
                    transfer.allows?(
                        String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
                        ?? true
                else {
                    transfer.isForbidden = true
                    return media_curl_bad_socket
                }
                // Another of the host's addresses may be one that can be asked.
                transfer.isForbidden = false
                return media_curl_open(address)
            }

    // MARK: Failures

    private func set(_ option: CURLoption, _ value: String) throws(Failure) {
        try check(media_curl_set_text(curl, option, value))
    }

    private func set(_ option: CURLoption, _ value: Int) throws(Failure) {
        try check(media_curl_set_number(curl, option, value))
    }

    private func check(_ code: CURLcode) throws(Failure) {
        guard code == CURLE_OK else { throw Self.failure(code) }
    }

    private static func failure(_ code: CURLcode) -> Failure {
        let kind: Failure.Kind =
            switch code {
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT: .unreachable
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
                CURLE_SSL_CACERT_BADFILE:
                .tls
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_TOO_MANY_REDIRECTS: .request
            default: .broken
            }
        return Failure(kind: kind, description: String(cString: curl_easy_strerror(code)))
    }
}
