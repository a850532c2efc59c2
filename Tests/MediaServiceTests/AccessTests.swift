import MediaCore
import MediaTesting
import Testing

struct AccessTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func client(_ scopes: String...) throws -> HTTPClient {
        var client = instance.anonymous
        client.key = try instance.mediad("key", "create", "scopes", "--scopes", scopes.joined(separator: ","))
        return client
    }

    private func requests(_ id: String) -> [(method: String, path: String, scope: String)] {
        [
            ("GET", "/v1/media", "media:read"), ("GET", "/v1/media/\(id)", "media:read"),
            ("GET", "/v1/users/u/media", "media:read"), ("GET", "/v1/entities/a/b/media", "media:read"),
            ("POST", "/v1/media?name=a.txt&userId=u", "media:write"), ("PATCH", "/v1/media/\(id)", "media:write"),
            ("DELETE", "/v1/media/\(id)", "media:delete"),
        ]
    }

    private func send(_ client: HTTPClient, _ method: String, _ path: String) throws -> HTTPResponse {
        let body = HTTPClient.Body.text(method == "PATCH" ? "{}" : "a text")
        return try client.send(
            method, path, headers: ["Content-Type": method == "PATCH" ? "application/json" : "text/plain"],
            ["GET", "DELETE"].contains(method) ? .none : body)
    }

    @Test("nobody may do anything without a key")
    func anonymous() throws {
        let id = try client.upload(Samples.text("anonymous"), name: "a.txt", user: "access").id
        for (method, path, _) in requests(id) {
            let answer = try send(instance.anonymous, method, path)
            answer.expectProblem(401, "unauthenticated", "\(method) \(path)")
            #expect(answer["WWW-Authenticate"] == "Bearer realm=\"media\"")
        }
        #expect(try client.get("/v1/media/\(id)").status == 200)
    }

    @Test(
        "what is no good key gets 401, and nothing says why",
        arguments: [
            "Bearer", "Bearer ", "Bearer x", "Bearer mk_", "Basic dXNlcjpwYXNz",
            "Bearer mk_000000000000_0000000000000000000000000000000000000000000",
            "Bearer mk_' OR '1'='1_0000000000000000000000000000000000000000000",
        ])
    func badKey(authorization: String) throws {
        let answer = try instance.anonymous.get("/v1/media", headers: ["Authorization": authorization])
        answer.expectProblem(401, "unauthenticated")
        let id = try client.upload(Samples.text("bad key"), name: "a.txt", user: "access", query: "isPublic=true").id
        try instance.anonymous.get("/m/\(id)", headers: ["Authorization": authorization]).expectProblem(401)
    }

    @Test("a key whose secret differs in one character")
    func wrongSecret() throws {
        let key = try instance.key("media:read")
        let last = key.last == "A" ? "B" : "A"
        var client = instance.anonymous
        client.key = String(key.dropLast()) + last
        try client.get("/v1/media").expectProblem(401)
        client.key = key
        #expect(try client.get("/v1/media?limit=1").status == 200)
    }

    @Test("a revoked key is refused from then on, and is still listed")
    func revoked() throws {
        let key = try instance.key("media:read")
        let id = String(key.split(separator: "_")[1])
        var client = instance.anonymous
        client.key = key
        #expect(try client.get("/v1/media?limit=1").status == 200)
        #expect(try instance.mediad("key", "revoke", id) == "revoked \(id)")
        try client.get("/v1/media?limit=1").expectProblem(401, "unauthenticated")
        let list = try instance.mediad("key", "list")
        #expect(list.split(separator: "\n").contains { $0.hasPrefix(id) && $0.contains("revoked") })
        #expect(!list.contains(String(key.split(separator: "_")[2])))
        #expect(throws: TestFailure.self) { try instance.mediad("key", "revoke", id) }
    }

    @Test("a key does what its scopes say", arguments: ["media:read", "media:write", "media:delete"])
    func scopes(scope: String) throws {
        let id = try client.upload(Samples.text("scope"), name: "a.txt", user: "access").id
        let caller = try client(scope)
        for (method, path, needed) in requests(id) {
            let answer = try send(caller, method, path)
            if needed == scope {
                #expect((200..<300).contains(answer.status), "\(method) \(path): \(answer.text)")
            } else {
                answer.expectProblem(403, "forbidden", "\(method) \(path)")
                #expect(answer.string("detail")?.contains(needed) == true)
            }
        }
    }

    @Test("a private file and a missing one look the same to everybody else")
    func existence() throws {
        let id = try client.upload(Samples.text("private"), name: "a.txt", user: "access").id
        let missing = String(id.dropLast(3)) + "000"
        let answers = try [id, missing].map { try instance.anonymous.get("/m/\($0)") }
        for answer in answers { answer.expectProblem(404, "not_found") }
        func comparable(_ answer: HTTPResponse, _ id: String) -> [String] {
            let ownIDs = [id, answer["X-Request-Id"] ?? "-", answer["Date"] ?? "-"]
            let lines = answer.headers.map { "\($0.name): \($0.value)" } + [answer.text]
            return lines.map { line in ownIDs.reduce(line) { $0.replacing($1, with: "*") } }
        }
        #expect(comparable(answers[0], id) == comparable(answers[1], missing))
    }

    @Test("the service's own headers from outside have no effect")
    func smuggling() throws {
        let secret = try client.upload(Samples.text("smuggled"), name: "a.txt", user: "access")
        let object = secret.text("sha256")
        let place = "/_objects/\(object.prefix(2))/\(object.dropFirst(2).prefix(2))/\(object)"
        let settings = instance.folders.settings
        for header in [
            ["X-Accel-Redirect": place], ["X_Accel_Redirect": place], ["Request-Body-File": settings],
            ["REQUEST_BODY_FILE": settings], ["X-Request-Body-File": settings], ["Document-Uri": "/v1/media"],
            ["Request-Method": "GET"], ["Proxy": "http://localhost:1"],
        ] {
            try instance.anonymous.get("/m/\(secret.id)", headers: header).expectProblem(404)
            try instance.anonymous.get("/v1/media", headers: header).expectProblem(401)
            let upload = try client.post("/v1/media?name=a.txt&userId=smuggler", headers: header, .text("my own text"))
            #expect(upload.status == 201)
            #expect(upload.json["size"] == .integer(11))
        }
        #expect(try client.get("/v1/users/smuggler/media").json["total"] == .integer(8))
    }

    @Test(
        "what only nginx may ask for", arguments: ["/_upload/check", "/_upload/refusal", "/_objects/", "/_problem/404"])
    func internalPaths(path: String) throws {
        try client.get(path).expectProblem(404)
        try client.post(path, .text("x")).expectProblem(404)
    }

    @Test(
        "no other method has an upload's room: what is sent with it is not written anywhere",
        arguments: [
            ("GET", "/v1/media"), ("PUT", "/v1/media"), ("DELETE", "/v1/media"), ("PATCH", "/v1/media"),
            ("POST", "/v1/media/c00000000000000000000000a/file"), ("GET", "/v1/media/c00000000000000000000000a/file"),
        ])
    func bodyWithoutUpload(method: String, path: String) throws {
        for fields in ["Content-Length: 4000000000", "Transfer-Encoding: chunked"] {
            let connection = try RawConnection(port: instance.port, timeout: 10)
            try connection.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n")
            let answer = String(decoding: connection.readSome(), as: UTF8.self)
            let status = method == "GET" && path == "/v1/media" ? 413 : 405
            #expect(
                answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("Allow: ") == (status == 405), "\(answer)")
        }
        #expect(try client.send(method, path).status == (method == "GET" && path == "/v1/media" ? 200 : 405))
    }

    @Test("a refusal of an upload doesn't wait for the body")
    func earlyRefusal() throws {
        let connection = try RawConnection(port: instance.port, timeout: 10)
        try connection.send(
            "POST /v1/media?name=a.mp4&userId=u HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n")
        var answer = ""
        let seconds = duration { answer = String(decoding: connection.readSome(), as: UTF8.self) }
        #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(answer)")
        #expect(seconds < 5)
    }
}
