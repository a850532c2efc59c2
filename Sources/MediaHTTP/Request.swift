package import HTTPTypes

/// Where a request's parameters and body come from: libfcgi, or a test.
package protocol RequestSource {
    /// A CGI parameter: `REQUEST_METHOD`, or one that the site file sets.
    func parameter(_ name: StaticString) -> String?
    /// Up to `limit` bytes of the body, fewer only at its end.
    func readBody(limit: Int) -> [UInt8]
    /// The next bytes of the body: as many as fit, fewer only at its end, or where the client has gone.
    func readBody(into buffer: UnsafeMutableRawBufferPointer) -> Int
    /// The descriptor that the body comes on; -1 where there is none.
    var descriptor: Int32 { get }
}

/// One HTTP request, as nginx passed it on; it is valid while its handler runs, on the handler's thread.
package struct Request {
    package let method: HTTPRequest.Method
    /// The path's segments, percent-decoded; nil where that isn't UTF-8.
    package let path: [String]
    /// The id that nginx gave the request and logs too.
    package let id: String

    private let source: any RequestSource

    /// - Parameter id: the id that nginx gave the request and logs too.
    package init(source: any RequestSource, id: String) throws(HTTPError) {
        self.source = source
        self.id = id
        switch source.parameter("REQUEST_METHOD") ?? "" {
        case "GET": method = .get
        case let name:
            guard let method = HTTPRequest.Method(name) else { throw .badRequest("method", "not a method's name") }
            self.method = method
        }
        path = try Self.segments(of: source.parameter("DOCUMENT_URI") ?? "/")
    }

    package var query: String { source.parameter("QUERY_STRING") ?? "" }

    /// Bytes, as the client announced them.
    package var contentLength: Int64? { header("CONTENT_LENGTH").flatMap { Int64($0) } }

    package var contentType: String? { header("CONTENT_TYPE") }

    /// A parameter that isn't a header field.
    package func parameter(_ name: StaticString) -> String? { source.parameter(name) }

    /// A header field, by its CGI name, such as `HTTP_IF_MATCH`; nil where it wasn't sent or is empty.
    package func header(_ name: StaticString) -> String? {
        guard let value = source.parameter(name), !value.isEmpty else { return nil }
        return value
    }

    /// The body of a short request.
    ///
    /// - Throws: 413 if it is longer than `limit` bytes.
    package func body(limit: Int) throws(HTTPError) -> [UInt8] {
        if let contentLength, contentLength > Int64(limit) { throw .bodyTooLarge(limit: limit) }
        let bytes = source.readBody(limit: limit + 1)
        guard bytes.count <= limit else { throw .bodyTooLarge(limit: limit) }
        if let contentLength, Int64(bytes.count) != contentLength {
            throw .badRequest("body", "\(bytes.count) bytes arrived where \(contentLength) were announced")
        }
        return bytes
    }

    /// The next bytes of a body of any length: as many as fit, fewer only at its end, or where the client has gone.
    package func readBody(into buffer: UnsafeMutableRawBufferPointer) -> Int { unsafe source.readBody(into: buffer) }

    /// The descriptor that the body comes on. Shut down for reading, it wakes a thread that waits for more.
    package var descriptor: Int32 { source.descriptor }

    /// nginx has decoded and normalised the path already; an empty segment is nothing here.
    private static func segments(of path: String) throws(HTTPError) -> [String] {
        // By bytes: a slash and a combining mark behind it are one Character.
        let bytes = path.utf8.span
        var segments: [String] = []
        segments.reserveCapacity(4)
        var start = 0
        var isPlain = true
        for index in 0...bytes.count {
            if index == bytes.count || bytes[index] == UInt8(ascii: "/") {
                if start < index { segments.append(text(of: path, start..<index)) }
                start = index + 1
            } else if bytes[index] < 0x20 || bytes[index] >= 0x7F {
                isPlain = false
            }
        }
        // nginx passes bytes on; what isn't UTF-8 in them has become U+FFFD by now.
        if !isPlain, path.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0xFFFD })
        {
            throw .badRequest("path", "must not contain control characters or invalid UTF-8")
        }
        return segments
    }

    /// - Parameter range: of the text's bytes.
    private static func text(of path: String, _ range: Range<Int>) -> String {
        let start = path.utf8.index(path.startIndex, offsetBy: range.lowerBound)
        return String(path[start..<path.utf8.index(start, offsetBy: range.count)])
    }
}
