import HTTPTypes
import MediaHTTP
import Testing

struct RequestTests {
    private static func request(_ parameters: [String: String], body: [UInt8] = []) throws -> Request {
        let source = FakeRequestSource(parameters.merging(["REQUEST_METHOD": "POST"]) { own, _ in own }, body: body)
        return try Request(source: source, id: "1f0c")
    }

    @Test("has what nginx says")
    func values() throws {
        let request = try Self.request([
            "REQUEST_METHOD": "PATCH", "DOCUMENT_URI": "/v1/media/abc", "QUERY_STRING": "a=1&b=%20",
            "CONTENT_LENGTH": "12", "CONTENT_TYPE": "text/plain", "HTTP_IF_MATCH": "\"x\"", "HTTP_EMPTY": "",
        ])
        #expect(request.method == .patch)
        #expect(request.path == ["v1", "media", "abc"])
        #expect(request.query == "a=1&b=%20")
        #expect(request.id == "1f0c")
        #expect(request.contentLength == 12)
        #expect(request.contentType == "text/plain")
        #expect(request.header("HTTP_IF_MATCH") == "\"x\"")
        #expect(request.parameter("HTTP_IF_MATCH") == "\"x\"")
        #expect(request.header("HTTP_EMPTY") == nil)
        #expect(request.parameter("HTTP_EMPTY")?.isEmpty == true)
        #expect(request.header("HTTP_HOST") == nil)
    }

    @Test("does without all but the method", arguments: [[:], ["CONTENT_TYPE": "", "CONTENT_LENGTH": ""]])
    func absent(parameters: [String: String]) throws {
        let request = try Self.request(parameters)
        #expect(request.method == .post)
        #expect(request.path.isEmpty)
        #expect(request.query.isEmpty)
        #expect(request.contentLength == nil)
        #expect(request.contentType == nil)
    }

    @Test(
        "a length is a number",
        arguments: [
            ("0", 0), ("9223372036854775807", .max), ("9223372036854775808", nil), ("x", nil), ("1 ", nil),
            ("1.5", nil),
        ] as [(String, Int64?)])
    func contentLength(text: String, length: Int64?) throws {
        #expect(try Self.request(["CONTENT_LENGTH": text]).contentLength == length)
    }

    @Test("refuses what is no method", arguments: ["", "GE T", "GET\r\nX", "GÉT", "GET/"])
    func method(name: String) throws {
        let error = try #require(throws: HTTPError.self) { try Self.request(["REQUEST_METHOD": name]) }
        #expect(error == .badRequest("method", "not a method's name"))
    }

    @Test("keeps an extension method's name")
    func extensionMethod() throws {
        #expect(try Self.request(["REQUEST_METHOD": "PURGE"]).method.rawValue == "PURGE")
    }

    @Test(
        "splits the path at every slash, whatever follows it",
        arguments: [
            ("", []), ("/", []), ("//", []), ("/a/b/", ["a", "b"]), ("/a//b", ["a", "b"]),
            ("/a b/é/%2F", ["a b", "é", "%2F"]),
            ("/a/\u{301}b", ["a", "\u{301}b"]), ("/a/\u{200D}/b", ["a", "\u{200D}", "b"]), ("/../a", ["..", "a"]),
        ] as [(String, [String])])
    func path(text: String, segments: [String]) throws {
        #expect(try Self.request(["DOCUMENT_URI": text]).path == segments)
    }

    @Test(
        "refuses a path with control characters or bytes that weren't UTF-8",
        arguments: ["/a\0b", "/a\r\nb", "/a\u{1F}", "/a\u{7F}", "/a\u{FFFD}", "/a/\u{FFFD}\u{301}/b", "/\t"])
    func badPath(text: String) throws {
        let error = try #require(throws: HTTPError.self) { try Self.request(["DOCUMENT_URI": text]) }
        #expect(error.kind == .invalidRequest)
        #expect(error.field == "path")
    }

    @Test("reads a body up to the limit, announced or not", arguments: [0, 1, 9, 10])
    func body(count: Int) throws {
        let bytes = (0..<count).map { UInt8($0) }
        #expect(try Self.request([:], body: bytes).body(limit: 10) == bytes)
        #expect(try Self.request(["CONTENT_LENGTH": "\(count)"], body: bytes).body(limit: 10) == bytes)
    }

    @Test("413 for a body that is announced longer than the limit, without reading it")
    func announcedTooLong() throws {
        let source = FakeRequestSource(["REQUEST_METHOD": "PUT", "CONTENT_LENGTH": "11"], body: [1, 2, 3])
        let error = try #require(throws: HTTPError.self) { try Request(source: source, id: "1f0c").body(limit: 10) }
        #expect(error.kind == .bodyTooLarge)
        #expect(error.reason == "must not be longer than 10 bytes")
        #expect(source.limits.isEmpty)
    }

    @Test("413 for a body that turns out longer than the limit, and no more is read than shows it")
    func tooLong() throws {
        let source = FakeRequestSource(["REQUEST_METHOD": "PUT"], body: [UInt8](repeating: 7, count: 1000))
        let error = try #require(throws: HTTPError.self) { try Request(source: source, id: "1f0c").body(limit: 10) }
        #expect(error.kind == .bodyTooLarge)
        #expect(source.limits == [11])
    }

    @Test("400 for a body of another length than announced", arguments: ["2", "4", "-3"])
    func otherLength(announced: String) throws {
        let request = try Self.request(["CONTENT_LENGTH": announced], body: [1, 2, 3])
        let error = try #require(throws: HTTPError.self) { try request.body(limit: 10) }
        #expect(error == .badRequest("body", "3 bytes arrived where \(announced) were announced"))
    }
}
