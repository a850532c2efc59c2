import MediaTesting
import Testing

/// Forms that are refused: each answer names field and reason, and nothing is left behind.
@Suite(.serialized)
struct BadFormTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let body: [UInt8]
        var contentType = MultipartBody().contentType
        var status = 400
        let field: String
        let reason: String

        var testDescription: String { name }

        /// A form with a user and a picture, and what `change` adds to it.
        init(
            _ name: String, _ field: String, _ reason: String, status: Int = 400, user: Bool = true, file: Bool = true,
            _ change: (inout MultipartBody) -> Void
        ) {
            var form = MultipartBody()
            if user { form.add(field: "userId", "u") }
            if file { form.add(file: "a.jpg", Samples.jpeg()) }
            change(&form)
            self.init(name, body: form.closed, field, reason, status: status)
        }

        init(
            _ name: String, body: [UInt8], contentType: String = MultipartBody().contentType, _ field: String,
            _ reason: String, status: Int = 400
        ) {
            self.name = name
            self.body = body
            self.contentType = contentType
            self.field = field
            self.reason = reason
            self.status = status
        }
    }

    private static let whole: [UInt8] = {
        var form = MultipartBody()
        form.add(field: "userId", "u")
        form.add(file: "a.jpg", Samples.jpeg())
        return form.closed
    }()

    private static let disposition = #"Content-Disposition: form-data; name="file"; filename="a.jpg""#

    private static let fields: [Case] = [
        Case("unknown field", "owner", "unknown field") { $0.add(field: "owner", "x") },
        Case("field that stands twice", "userId", "twice") { $0.add(field: "userId", "u") },
        Case("no user", "userId", "must be given", user: false) { _ in },
        Case("no file", "body", "no file", file: false) { _ in },
        Case("wrong boolean", "isPublic", "true or false") { $0.add(field: "isPublic", "maybe") },
        Case("metadata that is no object", "metadata", "JSON object") { $0.add(field: "metadata", "\"x\"") },
        Case("metadata cut off", "metadata", "no JSON") { $0.add(field: "metadata", "{\"a\":") },
        Case("metadata too long", "metadata", "65536 bytes") {
            $0.add(field: "metadata", "{\"a\":\"\(String(repeating: "x", count: 70000))\"}")
        },
        Case("over-long user", "userId", "191 characters", user: false) {
            $0.add(field: "userId", String(repeating: "ü", count: 192))
        },
        Case("NUL in a title", "title", "NUL") { $0.add(field: "title", "a\0b") },
        Case("invalid UTF-8 in a field", "title", "UTF-8") {
            $0.add(header: "Content-Disposition: form-data; name=\"title\"", [0x61, 0xC3, 0x28])
        },
        Case("entity's id alone", "entityType", "go together") { $0.add(field: "entityId", "1") },
        Case("more parts than allowed", "body", "more than 100 parts") { form in
            for number in 0..<100 { form.add(field: "f\(number)", "") }
        },
        Case("more files than allowed", "body", "more than 20 files") { form in
            for number in 0..<20 { form.add(file: "\(number).jpg", Samples.jpeg()) }
        },
    ]

    private static let files: [Case] = [
        Case("an empty file beside a good one", "file", "empty") { $0.add(file: "b.jpg", []) },
        Case("a name that climbs", "file.filename", "path characters") {
            $0.add(file: "../../etc/passwd", Samples.jpeg())
        },
        Case("a name with a backslash", "file.filename", "path characters") {
            $0.add(file: "C:\\a.jpg", Samples.jpeg())
        },
        Case("a name with NUL", "file.filename", "NUL") { $0.add(file: "a\0.jpg", Samples.jpeg()) },
        Case("an empty name", "file.filename", "must not be empty") { $0.add(file: "", Samples.jpeg()) },
        Case("an over-long name", "file.filename", "255 characters") {
            $0.add(file: String(repeating: "n", count: 256), Samples.jpeg())
        },
        Case("a good file and HTML", "file", "text/html", status: 415) { $0.add(file: "b.txt", Samples.html()) },
        Case("a picture declared as audio", "file", "declared as audio/mpeg", status: 415) {
            $0.add(file: "b.mp3", type: "audio/mpeg", Samples.jpeg())
        },
        Case("a wrong digest of a part", "Content-Digest", "another sha-256") {
            let digest = "Content-Digest: sha-256=:\(String(repeating: "A", count: 43))=:"
            $0.add(header: "\(disposition)\r\n\(digest)", Samples.jpeg())
        },
        Case("base64 as transfer encoding", "file", "base64") {
            $0.add(header: "\(disposition)\r\nContent-Transfer-Encoding: base64", Array("AAAA".utf8))
        },
    ]

    private static let structure: [Case] = [
        Case("no boundary", body: whole, contentType: "multipart/form-data", "Content-Type", "boundary"),
        Case("another boundary", body: whole, contentType: "multipart/form-data; boundary=other", "body", "boundary"),
        Case(
            "an empty boundary", body: whole, contentType: "multipart/form-data; boundary=\"\"", "Content-Type",
            "boundary"),
        Case("cut off in a file", body: Array(whole.dropLast(60)), "body", "cut off"),
        Case("cut off behind the last boundary", body: Array(whole.dropLast(4)), "body", "cut off"),
        Case("cut off in a header", body: Array(whole.prefix(40)), "body", "cut off"),
        Case("no form at all", body: Samples.jpeg(), "body", "boundary"),
        Case("a part without Content-Disposition", "body", "no Content-Disposition") {
            $0.add(header: "Content-Type: image/jpeg", Samples.jpeg())
        },
        Case("a part without a name", "body", "name") { $0.add(header: "Content-Disposition: form-data", []) },
        Case("a part with a header twice", "body", "twice") {
            $0.add(header: "\(disposition)\r\nContent-Type: a/b\r\nContent-Type: a/b", Samples.jpeg())
        },
        Case("a part's header without end", "body", "longer than 8192 bytes") {
            $0.add(header: "\(disposition)\r\nX: \(String(repeating: "x", count: 9000))", Samples.jpeg())
        },
        Case(
            "a part's header in Latin-1", body: Array("--test-boundary\r\nX: ".utf8) + [0xFC] + whole.dropFirst(15),
            "body", "UTF-8"),
        Case("a part's line that is no header field", "body", "no header field") {
            $0.add(header: "\(disposition)\r\nnonsense", Samples.jpeg())
        },
    ]

    private static let shared = Result {
        let instance = try ServiceInstance()
        return (instance, try instance.client())
    }

    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        (instance, client) = try Self.shared.get()
    }

    @Test("refused, and nothing is left", arguments: fields + files + structure)
    func refused(_ bad: Case) throws {
        let answer = try client.post("/v1/media", headers: ["Content-Type": bad.contentType], .bytes(bad.body))
        answer.expectProblem(bad.status, field: bad.field, reason: bad.reason)
        try Leftovers.expectNothing(instance)
    }

    @Test("a million fields are refused without delay")
    func million() throws {
        var bytes = Array("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n".utf8)
        for _ in 0..<20 { bytes += bytes }
        let form = bytes + Array("--b--\r\n".utf8)
        var answer: HTTPResponse?
        let seconds = try duration {
            let headers = ["Content-Type": "multipart/form-data; boundary=b"]
            answer = try client.post("/v1/media", headers: headers, .bytes(form))
        }
        answer?.expectProblem(400, field: "body", reason: "more than 100 parts")
        #expect(seconds < 5)
        try Leftovers.expectNothing(instance)
    }

    @Test("a query beside a form is refused")
    func query() throws {
        let answer = try client.post(
            "/v1/media?userId=u", headers: ["Content-Type": MultipartBody().contentType], .bytes(Self.whole))
        answer.expectProblem(400, field: "userId", reason: "unknown parameter")
        try Leftovers.expectNothing(instance)
    }
}
