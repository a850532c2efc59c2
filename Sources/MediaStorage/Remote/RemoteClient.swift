internal import Glibc
internal import MediaCore
internal import Synchronization

/// Sends the requests of one store: connections are kept, and what may pass by itself is tried again, after pauses that grow and differ
/// (full jitter).
package final class RemoteClient: Sendable {
    package struct Limits: Sendable {
        /// How often a request is sent.
        package var attempts = 6
        /// Milliseconds before the second attempt, and the longest pause.
        package var pause = 100...10_000
        /// Milliseconds until a connection must be there.
        package var connectTime = 5000
        /// Seconds in which nothing to speak of comes or goes.
        package var stallTime = 20
        /// PEM file of the certificates that are believed; nil: the system's.
        package var authority: String?

        package init() {}
    }

    package struct Answer: Sendable {
        package let head: HTTPClient.Head
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    let store: String
    let limits: Limits
    /// The time that signatures have.
    let now: @Sendable () -> Timestamp
    // `@unchecked` since an HTTPClient is for one thread at a time. Safe to share: a client is in here, behind the lock, or with the one
    // thread that has taken it out, never both.
    private struct Idle: @unchecked Sendable { var clients: [HTTPClient] = [] }
    private let idle = Mutex(Idle())

    init(store: String, limits: Limits, now: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.limits = limits
        self.now = now
    }

    /// Sends a request until it is answered.
    ///
    /// - Parameters:
    ///   - operation: for errors.
    ///   - expected: the answers that are none of a failure.
    ///   - attempts: how often at most; nil: as the limits say.
    ///   - make: makes the request, anew for each attempt, since signatures hold for minutes.
    ///   - sink: gets the body of an expected answer of success; nil: it is collected.
    func send(
        _ operation: String, expecting expected: Set<Int>, attempts: Int? = nil,
        _ make: () throws -> HTTPClient.Request, sink: ((UnsafeRawBufferPointer) throws -> Void)? = nil
    ) throws -> Answer {
        var attempt = 1
        while true {
            let failure: RemoteStorageError
            var wait: Int?
            let request = try make()
            do {
                let answer = try once(request, expected, sink)
                if expected.contains(answer.head.status) { return answer }
                failure = error(operation, answer)
                wait = answer.head.retryAfter.map { min(max($0, 0), 3600) * 1000 }
            } catch let error as HTTPClient.Failure {
                failure = RemoteStorageError(
                    store: store, kind: error.kind == .tls || error.kind == .request ? .unexpected : .unavailable,
                    operation: operation, status: 0, detail: "\(Self.base(of: request.url)): \(error.description)")
                // Bytes that the sink has can't be taken back.
                if sink != nil { throw failure }
            }
            guard failure.isTransient, attempt < attempts ?? limits.attempts else { throw failure }
            attempt += 1
            pause(before: attempt, atLeast: wait ?? 0)
        }
    }

    /// - Parameter wait: milliseconds that were asked for.
    func pause(before attempt: Int, atLeast wait: Int = 0) {
        let longest = min(limits.pause.upperBound, limits.pause.lowerBound << min(attempt - 2, 16))
        let pause = max(Int.random(in: longest / 2...longest), min(wait, limits.pause.upperBound))
        usleep(UInt32(pause) * 1000)
    }

    private func once(
        _ request: HTTPClient.Request, _ expected: Set<Int>, _ sink: ((UnsafeRawBufferPointer) throws -> Void)?
    ) throws -> Answer {
        var options = HTTPClient.Options()
        options.connectTime = limits.connectTime
        options.stallTime = limits.stallTime
        options.authority = limits.authority
        let client = try idle.withLock { $0.clients.popLast() } ?? HTTPClient(options)
        var body: [UInt8] = []
        var status = 0
        let head = try client.send(
            request, onHead: { status = $0.status },
            sink: { bytes in
                if let sink, expected.contains(status), status < 300 { return try sink(bytes) }
                // Lists and errors; a body that nobody asked for is cut off.
                if body.count < 16 << 20 { body += bytes }
            })
        // One whose request has failed is let go, with its connection.
        idle.withLock { if $0.clients.count < 32 { $0.clients.append(client) } }
        return Answer(head: head, body: body)
    }

    /// Scheme, host and port of a URL, which may hold a signature.
    private static func base(of url: String) -> String {
        url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }

    /// What an answer that wasn't expected means.
    func error(_ operation: String, _ answer: Answer) -> RemoteStorageError {
        let text = answer.text
        let code =
            XMLText.first("Code", in: text) ?? answer.head["x-ms-error-code"] ?? Self.googleReason(answer.body) ?? ""
        let kind: RemoteStorageError.Kind =
            switch answer.head.status {
            case 404, 410: .absent
            case 401, 403: code == "RequestTimeTooSkewed" ? .unexpected : .denied
            case 409 where Self.passing.contains(code): .unavailable
            case 409, 412: .conflict
            case 408, 429, 500...599: .unavailable
            case 400 where Self.passing.contains(code): .unavailable
            case 200..<300: .unavailable
            default: .unexpected
            }
        let id =
            answer.head["x-amz-request-id"] ?? answer.head["x-ms-request-id"] ?? answer.head["x-guploader-uploadid"]
        let message = XMLText.first("Message", in: text) ?? ""
        let detail = [code, message, id.map { "request \($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
        return RemoteStorageError(
            store: store, kind: kind, operation: operation, status: answer.head.status,
            detail: TextRules.prefix(detail.isEmpty ? "no reason" : detail, 500))
    }

    /// Codes that providers ask to come back with, whatever the status.
    private static let passing: Set<String> = [
        "RequestTimeout", "SlowDown", "OperationAborted", "ServerBusy", "InternalError", "OperationTimedOut",
    ]

    private static func googleReason(_ body: [UInt8]) -> String? {
        guard body.first == UInt8(ascii: "{"), let json = try? JSONParser.parse(body) else { return nil }
        return json["error"]?["message"]?.string ?? json["error_description"]?.string ?? json["error"]?.string
    }
}
