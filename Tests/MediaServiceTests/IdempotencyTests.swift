import MediaCore
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

/// Requests with an `Idempotency-Key`.
struct IdempotencyTests {
    private static let json = ["Content-Type": "application/json"]

    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func headers(_ key: String, _ more: [String: String] = json) -> [String: String] {
        more.merging(["Idempotency-Key": key]) { $1 }
    }

    /// How many records a user has.
    private func count(_ user: String) throws -> Int? {
        try client.get("/v1/users/\(user)/media").json["total"]?.integer.map { Int($0) }
    }

    /// Checks that the second answer is the first one again.
    private func expectReplay(
        _ second: HTTPResponse, of first: HTTPResponse, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(first["Idempotency-Replayed"] == nil, sourceLocation: sourceLocation)
        #expect(second["Idempotency-Replayed"] == "true", "\(second.text)", sourceLocation: sourceLocation)
        #expect(second.status == first.status && second.body == first.body, sourceLocation: sourceLocation)
        for name in ["Location", "ETag", "Content-Type", "Cache-Control"] {
            #expect(second.all(name) == first.all(name), "\(name)", sourceLocation: sourceLocation)
        }
    }

    private func make(_ salt: String, _ user: String = "once") throws -> String {
        try client.upload(Samples.text("once \(salt)"), name: "a.txt", user: user).id
    }

    @Test("a raw upload sent twice is one record, and both answers are the same")
    func raw() throws {
        let path = "/v1/media?name=a.txt&userId=once-raw&title=t"
        let body = HTTPClient.Body.bytes(Samples.text("once raw"))
        let first = try client.post(path, headers: headers("raw-1", [:]), body)
        #expect(first.status == 201 && first["Location"] != nil && first["ETag"] == "\"1\"")
        // A change in between isn't in the first answer.
        _ = try client.patch("/v1/media/\(first.json.id)", #"{"title":"changed"}"#)
        expectReplay(try client.post(path, headers: headers("\"raw-1\"", [:]), body), of: first)
        #expect(try count("once-raw") == 1)
        let other: [(String, HTTPClient.Body)] = [
            (path, .bytes(Samples.text("once other"))), (path + "&isPublic=true", body),
            ("/v1/media?name=b.txt&userId=once-raw&title=t", body),
        ]
        for (path, body) in other {
            try client.post(path, headers: headers("raw-1", [:]), body).expectProblem(422, "idempotency_key_reused")
        }
        #expect(try client.post(path, headers: headers("raw-2", [:]), body).status == 201)
        #expect(try client.post(path, body).status == 201)
        #expect(try count("once-raw") == 3)
    }

    @Test("a form sent twice is the same records, whatever its boundary")
    func form() throws {
        func form(_ title: String, _ name: String = "b.txt") -> HTTPClient.Body {
            .form([
                .text("userId", "once-form"), .text("title", title),
                .file("f", name: "a.txt", type: nil, Samples.text("once form 1")),
                .file("g", name: name, type: nil, Samples.text("once form 2")),
            ])
        }
        let first = try client.post("/v1/media", headers: headers("form", [:]), form("t"))
        #expect(first.status == 201 && first.json["media"]?.array?.count == 2)
        expectReplay(try client.post("/v1/media", headers: headers("form", [:]), form("t")), of: first)
        for other in [form("u"), form("t", "c.txt")] {
            try client.post("/v1/media", headers: headers("form", [:]), other)
                .expectProblem(422, "idempotency_key_reused")
        }
        #expect(try count("once-form") == 2)
    }

    @Test("fifty at once with one key are one record; those too early are told to come again")
    func concurrency() throws {
        let answers = Mutex<[HTTPResponse]>([])
        ThreadGroup.run(50) { [client] _ in
            let answer = try? client.post(
                "/v1/media?name=a.txt&userId=once-many", headers: ["Idempotency-Key": "many"],
                .bytes(Samples.text("once many")))
            if let answer { answers.withLock { $0.append(answer) } }
        }
        let all = answers.withLock { $0 }
        #expect(all.count == 50)
        let made = all.filter { $0.status == 201 }
        #expect(!made.isEmpty && Set(made.map(\.text)).count == 1)
        #expect(made.filter { $0["Idempotency-Replayed"] == nil }.count == 1)
        for answer in all where answer.status != 201 {
            answer.expectProblem(409, "idempotency_in_progress")
            #expect(answer["Retry-After"] == "1")
        }
        #expect(try count("once-many") == 1)
        let references = try instance.connection().query(
            "SELECT b.reference_count FROM blobs b JOIN media m USING (sha256) WHERE m.user_id = 'once-many'"
        ) { (row) throws(MariaDBError) in try row.integer(0) }
        #expect(references == [1])
    }

    @Test("a counted link made twice has one URL")
    func link() throws {
        let id = try make("link")
        func post(_ body: String, _ path: String, key: String = "link") throws -> HTTPResponse {
            try client.post(path, headers: headers(key), .text(body))
        }
        let path = "/v1/media/\(id)/links"
        let first = try post(#"{"expiresIn":600,"maxUses":2}"#, path)
        #expect(first.status == 201)
        expectReplay(try post(#"{ "expiresIn": 600, "maxUses": 2 }"#, path), of: first)
        #expect(try client.get(path).json["links"]?.array?.count == 1)
        try post(#"{"expiresIn":600,"maxUses":3}"#, path).expectProblem(422, "idempotency_key_reused")
        // The path counts too.
        try post(#"{"expiresIn":600,"maxUses":2}"#, "/v1/media/\(try make("link 2"))/links")
            .expectProblem(422, "idempotency_key_reused")
        let many = #"{"links":[{"mediaId":"\#(id)","expiresIn":600,"maxUses":2},{"mediaId":"x","expiresIn":600}]}"#
        let firstMany = try post(many, "/v1/links", key: "links")
        #expect(firstMany.status == 201 && firstMany.json["links"]?.array?[1]["error"] != nil)
        expectReplay(try post(many, "/v1/links", key: "links"), of: firstMany)
        #expect(try client.get(path).json["links"]?.array?.count == 2)
        // Where all are refused that is an answer too.
        let none = #"{"links":[{"mediaId":"x","expiresIn":600}]}"#
        let firstNone = try post(none, "/v1/links", key: "none")
        expectReplay(try post(none, "/v1/links", key: "none"), of: firstNone)
    }

    @Test("a restore sent twice answers twice; If-Match is part of it")
    func restore() throws {
        let id = try make("restore")
        _ = try client.delete("/v1/media/\(id)")
        let path = "/v1/media/\(id)/restore"
        let first = try client.post(path, headers: headers("restore", [:]), .none)
        #expect(first.status == 200)
        expectReplay(try client.post(path, headers: headers("restore", [:]), .none), of: first)
        try client.post(path, headers: headers("restore", ["If-Match": "\"2\""]), .none)
            .expectProblem(422, "idempotency_key_reused")
        try client.post(path, .none).expectProblem(404)
    }

    @Test("operations sent twice are done once, and their failures are part of the answer")
    func bulk() throws {
        let id = try make("bulk")
        let body = HTTPClient.Body.text(
            #"{"operations":[{"op":"update","id":"\#(id)","changes":{"title":"a"},"ifMatch":"\"1\""},{"op":"delete","id":"\#(id)"},{"op":"delete","id":"\#(id)"}]}"#
        )
        let first = try client.post("/v1/media/bulk", headers: headers("bulk"), body)
        #expect(first.json["results"]?.array?.map { $0["status"]?.integer } == [200, 200, 404])
        expectReplay(try client.post("/v1/media/bulk", headers: headers("bulk"), body), of: first)
    }

    @Test("what failed is not kept: a mended request goes under the same key")
    func failure() throws {
        let path = "/v1/media?name=a.txt&userId=once-failure"
        let empty = HTTPClient.Body.bytes([])
        try client.post(path, headers: headers("failure", [:]), empty).expectProblem(400)
        #expect(
            try client.post(path, headers: headers("failure", [:]), .bytes(Samples.text("once failure"))).status == 201)
        let restore = "/v1/media/\(try make("failure"))/restore"
        for _ in 0..<2 {
            try client.post(restore, headers: headers("failure-2", [:]), .none).expectProblem(404, "not_found")
        }
        let link = #"{"expiresIn":60}"#
        for _ in 0..<2 {
            try client.post("/v1/media/c00000000000000000000000a/links", headers: headers("failure-2"), .text(link))
                .expectProblem(404, "not_found")
        }
    }

    @Test("keys are a caller's own")
    func callers() throws {
        var other = client
        other.key = try instance.key("media:read", "media:write")
        let path = "/v1/media?name=a.txt&userId=once-callers"
        for client in [client, other] {
            let answer = try client.post(path, headers: headers("callers", [:]), .bytes(Samples.text("once callers")))
            #expect(answer.status == 201 && answer["Idempotency-Replayed"] == nil)
        }
        #expect(try count("once-callers") == 2)
        // A key that has lost its right gets no answer again.
        try instance.anonymous.post(path, headers: headers("callers", [:]), .bytes(Samples.text("once callers")))
            .expectProblem(401)
    }

    @Test(
        "what is no key is refused by every request that takes one",
        arguments: ["", "\"\"", "a b", "\"a", "ü", String(repeating: "x", count: 256)])
    func malformed(key: String) throws {
        let id = try make("malformed")
        // curl sends an empty field only when it is written so.
        let field = key.isEmpty ? "Idempotency-Key;" : "Idempotency-Key: \(key)"
        let requests: [(String, HTTPClient.Body)] = [
            ("/v1/media?name=a.txt&userId=u", .bytes(Samples.text("once"))), ("/v1/media/\(id)/restore", .none),
            ("/v1/media/\(id)/links", .text(#"{"expiresIn":60}"#)), ("/v1/links", .text(#"{"links":[]}"#)),
            ("/v1/media/bulk", .text(#"{"operations":[]}"#)),
        ]
        for (path, body) in requests {
            let headers = path.contains("?") ? [:] : Self.json
            try client.send("POST", path, headers: headers, body, curl: ["-H", field])
                .expectProblem(400, "invalid_request", field: "Idempotency-Key", reason: "visible ASCII")
        }
    }
}
