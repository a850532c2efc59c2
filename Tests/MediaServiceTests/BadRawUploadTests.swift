import MediaTesting
import Testing

/// Raw uploads that are refused: each answer names field and reason, and nothing is left behind.
@Suite(.serialized)
struct BadRawUploadTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var query = "name=a.jpg&userId=u"
        var headers: [String: String] = [:]
        var body = Samples.jpeg()
        var status = 400
        var code = "invalid_request"
        let field: String
        var reason = ""

        var testDescription: String { name }

        init(_ name: String, query: String? = nil, _ field: String, _ reason: String) {
            self.name = name
            if let query { self.query = query }
            self.field = field
            self.reason = reason
        }

        init(
            _ name: String, headers: [String: String], query: String? = nil, _ field: String, _ reason: String,
            code: String? = nil
        ) {
            self.init(name, query: query, field, reason)
            self.headers = headers
            if let code { self.code = code }
        }

        init(_ name: String, body: [UInt8], type: String = "", status: Int, code: String, _ reason: String) {
            self.init(name, "body", reason)
            self.body = body
            headers = type.isEmpty ? [:] : ["Content-Type": type]
            self.status = status
            self.code = code
        }
    }

    private static let long = String(repeating: "x", count: 300)
    private static let deep = String(repeating: "%5B", count: 20) + String(repeating: "%5D", count: 20)

    private static let query: [Case] = [
        Case("no user", query: "name=a.jpg", "userId", "must be given"),
        Case("no name", query: "userId=u", "name", "must be given"),
        Case("unknown parameter", query: "name=a.jpg&userId=u&owner=x", "owner", "unknown parameter"),
        Case("duplicate parameter", query: "name=a.jpg&userId=u&userId=u", "userId", "stands twice"),
        Case("duplicate name", query: "name=a.jpg&name=b.jpg&userId=u", "name", "stands twice"),
        Case("empty name", query: "name=&userId=u", "name", "must not be empty"),
        Case("over-long name", query: "name=\(long)&userId=u", "name", "255 characters"),
        Case("NUL in a name", query: "name=a%00.jpg&userId=u", "name", "NUL"),
        Case("slash in a name", query: "name=..%2F..%2Fa.jpg&userId=u", "name", "path characters"),
        Case("backslash in a name", query: "name=a%5Cb.jpg&userId=u", "name", "path characters"),
        Case("folder as a name", query: "name=..&userId=u", "name", "folder"),
        Case("line break in a name", query: "name=a%0D%0Ab.jpg&userId=u", "name", "control characters"),
        Case("turned text in a name", query: "name=a%E2%80%AEgpj.exe&userId=u", "name", "bidirectional"),
        Case("invalid UTF-8 in a name", query: "name=%FF.jpg&userId=u", "name", "UTF-8"),
        Case("half a character in a name", query: "name=%C3&userId=u", "name", "UTF-8"),
        Case("broken percent-encoding", query: "name=a%zz.jpg&userId=u", "name", "percent-encoded"),
        Case("broken percent-encoding of a parameter's name", query: "%zz=1", "query", "percent-encoded"),
        Case("empty user", query: "name=a.jpg&userId=", "userId", "must not be empty"),
        Case("over-long user", query: "name=a.jpg&userId=\(long)", "userId", "191 characters"),
        Case("NUL in the user", query: "name=a.jpg&userId=a%00b", "userId", "NUL"),
        Case("neither true nor false", query: "name=a.jpg&userId=u&isPublic=yes", "isPublic", "true or false"),
        Case("empty isPublic", query: "name=a.jpg&userId=u&isPublic=", "isPublic", "true or false"),
        Case("metadata is no JSON", query: "name=a.jpg&userId=u&metadata=%7Ba", "metadata", "no JSON"),
        Case("metadata is a list", query: "name=a.jpg&userId=u&metadata=%5B1%5D", "metadata", "JSON object"),
        Case("metadata is a number", query: "name=a.jpg&userId=u&metadata=7", "metadata", "JSON object"),
        Case(
            "metadata with a member twice", query: "name=a.jpg&userId=u&metadata=%7B%22a%22%3A1%2C%22a%22%3A2%7D",
            "metadata", "no JSON"),
        Case("metadata too deep", query: "name=a.jpg&userId=u&metadata=%7B%22a%22%3A\(deep)%7D", "metadata", ""),
        Case("entity's type alone", query: "name=a.jpg&userId=u&entityType=lesson", "entityId", "go together"),
        Case("entity's id alone", query: "name=a.jpg&userId=u&entityId=1", "entityType", "go together"),
        Case(
            "over-long entity type", query: "name=a.jpg&userId=u&entityId=1&entityType=\(long)", "entityType",
            "64 characters"),
        Case("over-long title", query: "name=a.jpg&userId=u&title=\(long)", "title", "255 characters"),
    ]

    private static let headers: [Case] = [
        Case(
            "open quotes in Content-Disposition", headers: ["Content-Disposition": "attachment; filename=\"a"],
            "Content-Disposition", "quotes"),
        Case(
            "Content-Disposition with a name twice",
            headers: ["Content-Disposition": "attachment; filename=a; filename=b"], "Content-Disposition", "twice"),
        Case(
            "Content-Type with a parameter twice", headers: ["Content-Type": "image/jpeg; a=1; a=2"], "Content-Type",
            "twice"),
        Case("no digest at all", headers: ["Content-Digest": "abc"], "Content-Digest", "sha-256=:"),
        Case("a digest that isn't base64", headers: ["Content-Digest": "sha-256=:?:"], "Content-Digest", "sha-256=:"),
        Case("a digest that is too short", headers: ["Repr-Digest": "sha-256=:AAAA:"], "Repr-Digest", "32 bytes"),
        Case(
            "another sha-256", headers: ["Content-Digest": "sha-256=:\(String(repeating: "A", count: 43))=:"],
            "Content-Digest", "another sha-256", code: "digest_mismatch"),
        Case(
            "another sha-512", headers: ["Repr-Digest": "sha-512=:\(String(repeating: "A", count: 86))==:"],
            "Repr-Digest", "another sha-512", code: "digest_mismatch"),
    ]

    private static let unsupported = "unsupported_media_type"

    private static let bodies: [Case] = [
        Case("empty body", body: [], status: 400, code: "invalid_request", "empty"),
        Case(
            "a picture declared as a video", body: Samples.jpeg(), type: "video/mp4", status: 415, code: unsupported,
            "declared as video/mp4, but the bytes are image/jpeg"),
        Case(
            "a program declared as a picture", body: Samples.elf(), type: "image/jpeg", status: 415, code: unsupported,
            ""),
        Case("HTML", body: Samples.html(), status: 415, code: unsupported, "text/html are not accepted"),
        Case("HTML declared as text", body: Samples.html(), type: "text/plain", status: 415, code: unsupported, ""),
        Case("a program", body: Samples.elf(), status: 415, code: unsupported, "not accepted"),
        Case("bytes that say nothing", body: [1, 2, 3, 255, 254], status: 415, code: unsupported, "not accepted"),
        Case(
            "too large for a picture", body: Samples.jpeg(String(repeating: "x", count: 20000)), status: 413,
            code: "too_large", "too many for IMAGE (the limit is 16384 bytes)"),
        Case(
            "too large for a document", body: Samples.text(String(repeating: "x", count: 20000)), status: 413,
            code: "too_large", "too many for DOCUMENT"),
    ]

    private static let shared = Result {
        let sizes = ["MEDIA_IMAGE_MAX_BYTES": "16K", "MEDIA_DOCUMENT_MAX_BYTES": "16K", "MEDIA_UPLOAD_MAX_BYTES": "1M"]
        let instance = try ServiceInstance(settings: sizes)
        return (instance, try instance.client())
    }

    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        (instance, client) = try Self.shared.get()
    }

    @Test("refused, and nothing is left", arguments: query + headers + bodies)
    func refused(_ bad: Case) throws {
        let answer = try client.post("/v1/media?\(bad.query)", headers: bad.headers, .bytes(bad.body))
        answer.expectProblem(bad.status, bad.code, field: bad.field, reason: bad.reason)
        try Leftovers.expectNothing(instance)
    }

    @Test("several faults are named at once")
    func several() throws {
        let answer = try client.post("/v1/media?name=a.jpg&isPublic=2&title=&metadata=x", .bytes(Samples.jpeg()))
        answer.expectProblem(400)
        #expect(Set(answer.reasons.keys) == ["userId", "isPublic", "title", "metadata"])
    }

    @Test("a body beyond the limit, announced or not", arguments: [[:], ["Transfer-Encoding": "chunked"]])
    func tooLong(headers: [String: String]) throws {
        let body = HTTPClient.Body.bytes(Samples.mp4(size: 1_200_000))
        let answer = try client.post("/v1/media?name=a.mp4&userId=u", headers: headers, body)
        answer.expectProblem(413, "too_large")
        try Leftovers.expectNothing(instance)
    }

    @Test("a body that ends before the announced length is no upload", arguments: [0, 1, 600])
    func short(sent: Int) throws {
        let connection = try RawConnection(port: instance.port)
        try connection.send(head(length: 1000))
        try connection.send(Array(Samples.mp4(size: 1000).prefix(sent)))
        connection.finish()
        let answer = connection.readAll()
        #expect(!String(decoding: answer, as: UTF8.self).contains(" 201 "))
        try Leftovers.expectNothing(instance)
    }

    @Test(
        "two lengths, or a length and chunks, are no request",
        arguments: [
            "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: -1", "Content-Length: 5x",
        ])
    func twoLengths(lines: String) throws {
        let connection = try RawConnection(port: instance.port, timeout: 5)
        try connection.send(
            "POST /v1/media?name=a.txt&userId=u HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Authorization: Bearer \(client.key ?? "")\r\n\(lines)\r\n\r\n0\r\n\r\n")
        connection.finish()
        let answer = try connection.response()
        #expect((400..<500).contains(answer.status), "\(answer.status)")
        try Leftovers.expectNothing(instance)
    }

    private func head(length: Int) -> String {
        """
        POST /v1/media?name=a.mp4&userId=u HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer \(client.key ?? "")\r
        Content-Length: \(length)\r
        \r

        """
    }
}
