import MediaCore
import MediaTesting
import Testing

/// `PATCH /v1/media/{id}`.
struct RecordChangeTests {
    private let client: HTTPClient

    init() throws {
        client = try SharedInstance.client()
    }

    private func upload(_ salt: String, user: String, query: String = "") throws -> JSON {
        try client.upload(Samples.text(salt), name: "\(salt).txt", user: user, query: query)
    }

    /// The ids of a page.
    private func ids(_ path: String) throws -> [String] {
        let answer = try client.get(path)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["media"]?.array?.map(\.id) ?? []
    }

    @Test("a change writes the named fields and leaves the others")
    func patch() throws {
        let old = try upload("patch", user: "patch", query: "title=alt&metadata=%7B%22a%22%3A1%7D")
        let path = "/v1/media/\(old.id)"
        let changed = try client.patch(
            path, #"{"title":"neu","entityType":"course","entityId":"7","isPublic":true,"metadata":{"b":2}}"#)
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed.json.text("title") == "neu" && changed.json.text("entityId") == "7")
        #expect(changed.json["metadata"]?.text == #"{"b":2}"# && changed.json["isPublic"] == .bool(true))
        #expect(changed.json.text("createdAt") == old.text("createdAt"))
        #expect(changed.json.text("updatedAt") > old.text("updatedAt"))
        #expect(try ids("/v1/entities/course/7/media") == [old.id])
        let cleared = try client.patch(path, #"{"title":null,"entityType":null,"entityId":null,"metadata":null}"#)
        for name in ["title", "entityType", "entityId", "metadata"] { #expect(cleared.json[name] == .null) }
        #expect(cleared.json["isPublic"] == .bool(true))
        #expect(try ids("/v1/entities/course/7/media") == [])
        #expect(try client.patch(path, "{}").status == 200)
        #expect(try client.get(path).json.text("sha256") == old.text("sha256"))
    }

    @Test(
        "a wrong change is refused as a whole and names its field",
        arguments: [
            (#"{"owner":"x"}"#, "owner", "unknown field"), (#"{"id":"x"}"#, "id", "can't be changed"),
            (#"{"size":1}"#, "size", "can't be changed"), (#"{"userId":"x"}"#, "userId", "can't be changed"),
            (#"{"status":"READY"}"#, "status", "can't be changed"), (#"{"title":7}"#, "title", "a number"),
            (#"{"title":""}"#, "title", "empty"), (#"{"title":"a\u0000b"}"#, "title", "NUL"),
            (#"{"isPublic":"true"}"#, "isPublic", "a string"), (#"{"isPublic":null}"#, "isPublic", "null"),
            (#"{"metadata":[1]}"#, "metadata", "an array"), (#"{"metadata":"x"}"#, "metadata", "a string"),
            (#"{"entityType":"a"}"#, "entityId", "go together"), (#"{"entityId":"a"}"#, "entityType", "go together"),
            (#"{"entityId":"a","entityType":null}"#, "entityType", "go together"),
            (#"{"title":"a","title":"b"}"#, "body", "no JSON"), (#"["title"]"#, "body", "JSON object"),
            ("", "body", "no JSON"), ("{", "body", "no JSON"), ("{} {}", "body", "no JSON"), ("nul", "body", "no JSON"),
        ])
    func wrongPatch(body: String, field: String, reason: String) throws {
        let record = try upload("wrong", user: "wrong patch")
        let path = "/v1/media/\(record.id)"
        // A right change beside the wrong one isn't made either.
        let mixed =
            body.hasPrefix("{\"") ? body.replacing("{\"", with: "{\"isPublic\":true,\"", maxReplacements: 1) : body
        let sent = body.contains("isPublic") ? body : mixed
        try client.patch(path, sent).expectProblem(400, field: field, reason: reason)
        #expect(try client.get(path).json == record)
    }

    @Test("a change needs JSON, says its type, and has an end")
    func patchForm() throws {
        let path = "/v1/media/\(try upload("type", user: "patch form").id)"
        let text = HTTPClient.Body.text(#"{"title":"x"}"#)
        try client.send("PATCH", path, headers: ["Content-Type": "text/plain"], text)
            .expectProblem(415, field: "Content-Type")
        try client.send("PATCH", path, headers: [:], text).expectProblem(415, field: "Content-Type")
        let long = #"{"metadata":{"a":"\#(String(repeating: "x", count: 100_000))"}}"#
        try client.patch(path, long).expectProblem(413)
        try client.patch(path, #"{"metadata":{"a":"\#(String(repeating: "x", count: 66000))"}}"#)
            .expectProblem(400, field: "metadata", reason: "65536 bytes")
        try client.send("PATCH", path, headers: ["Content-Type": "application/json"], .bytes([0x22, 0xFF, 0x22]))
            .expectProblem(400, field: "body")
    }
}
