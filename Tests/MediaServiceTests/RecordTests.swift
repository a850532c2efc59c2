import MediaCore
import MediaTesting
import Testing

struct RecordTests {
    private let client: HTTPClient
    private let instance: ServiceInstance

    init() throws {
        instance = try SharedInstance.instance()
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

    @Test("a record has the platform's fields in the platform's order, then the service's own")
    func format() throws {
        let record = try upload("format", user: "format")
        #expect(
            record.object?.map(\.name) == [
                "id", "type", "originalName", "mimeType", "size", "url", "userId", "entityId", "entityType", "metadata",
                "isPublic", "status", "createdAt", "updatedAt", "title", "sha256", "revision", "failureReason",
                "deletedAt", "version", "details", "variants",
            ])
        for name in ["entityId", "entityType", "metadata", "title"] { #expect(record[name] == .null) }
        #expect(record["size"]?.integer == Int64(Samples.text("format").count))
        #expect(record["isPublic"] == .bool(false))
        #expect(record.text("status") == "READY")
        #expect(record.text("url") == "\(instance.baseURL)/m/\(record.id)")
        #expect(MediaID(record.id) != nil)
        for name in ["createdAt", "updatedAt"] {
            #expect(record.text(name).wholeMatch(of: #/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ/#) != nil)
        }
        #expect(try client.get("/v1/media/\(record.id)").json == record)
        #expect(try client.get("/v1/users/format/media").json["media"] == .array([record]))
    }

    @Test("metadata comes back in its order, whatever it holds")
    func metadata() throws {
        let metadata = #"{"z":1,"a":[true,null,-2.5,"\"\\ü🎬"],"":{"b":{}}}"#
        let record = try upload("md", user: "metadata", query: "metadata=\(PercentEncoding.pathSegment(metadata))")
        let sent = try JSONParser.parse(Array(metadata.utf8))
        #expect(record["metadata"] == sent)
        #expect(try client.get("/v1/media/\(record.id)").json["metadata"] == sent)
    }

    @Test("pages by number and by cursor hold each record once, newest first")
    func paging() throws {
        let all = try (0..<12).map { try upload("page \($0)", user: "paging").id }.reversed() as [String]
        let path = "/v1/users/paging/media"
        let first = try client.get(path)
        #expect(first.json.object?.map(\.name) == ["media", "total", "page", "limit", "totalPages", "nextCursor"])
        #expect(first.json["total"] == .integer(12) && first.json["page"] == .integer(1))
        #expect(first.json["limit"] == .integer(10) && first.json["totalPages"] == .integer(2))
        #expect(first.json["media"]?.array?.map(\.id) == Array(all.prefix(10)))
        #expect(try ids("\(path)?page=2") == Array(all.suffix(2)))
        #expect(try ids("\(path)?page=3&limit=5") == Array(all.suffix(2)))
        #expect(try ids("\(path)?page=99") == [])
        var seen: [String] = []
        var cursor = ""
        repeat {
            let page = try client.get("\(path)?limit=5" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
            seen += page.json["media"]?.array?.map(\.id) ?? []
            cursor = page.string("nextCursor") ?? ""
        } while !cursor.isEmpty && seen.count < 50
        #expect(seen == all)
    }

    @Test("a list of everything has the newest record first")
    func all() throws {
        let id = try upload("all", user: "all").id
        #expect(try ids("/v1/media?limit=100").contains(id))
    }

    @Test(
        "a list's wrong parameters are named",
        arguments: [
            ("page=0", "page"), ("page=-1", "page"), ("page=x", "page"), ("page=1e3", "page"),
            ("page=99999999999999999999", "page"), ("limit=0", "limit"), ("limit=101", "limit"), ("limit=", "limit"),
            ("limit=5&limit=5", "limit"), ("cursor=x", "cursor"), ("cursor=v1.c0", "cursor"),
            ("cursor=v1.1.c000000000000000000000000&page=1", "cursor"), ("sort=asc", "sort"),
        ])
    func wrongList(query: String, field: String) throws {
        try client.get("/v1/media?\(query)").expectProblem(400, "invalid_request", field: field)
    }

    @Test("an entity's records, also where its names need encoding")
    func entities() throws {
        let first = try upload("e1", user: "entities", query: "entityType=lesson&entityId=a%3Fb%20%C3%BC").id
        let second = try upload("e2", user: "entities", query: "entityType=lesson&entityId=plain").id
        #expect(try ids("/v1/entities/lesson/plain/media") == [second])
        #expect(try ids("/v1/entities/course/plain/media") == [])
        #expect(try ids("/v1/entities/lesson/%C3%BC/media") == [])
        #expect(try ids("/v1/entities/lesson/a%3Fb%20%C3%BC/media") == [first])
        #expect(try client.get("/v1/media/\(first)").json.text("entityId") == "a?b ü")
    }

    @Test("a deleted record is gone from everywhere, and its file with it", arguments: ["true", "false"])
    func delete(isPublic: String) throws {
        let record = try upload("delete \(isPublic)", user: "delete \(isPublic)", query: "isPublic=\(isPublic)")
        let answer = try client.delete("/v1/media/\(record.id)")
        #expect(answer.status == 200 && answer.json.text("status") == "DELETED")
        for path in ["/v1/media/\(record.id)", "/m/\(record.id)", record.text("url")] {
            try client.get(path).expectProblem(404, "not_found")
        }
        #expect(instance.folders.files("public/\(record.id)") == [])
        #expect(try ids("/v1/users/delete%20\(isPublic)/media") == [])
        try client.delete("/v1/media/\(record.id)").expectProblem(404)
        try client.patch("/v1/media/\(record.id)", "{}").expectProblem(404)
    }

    @Test(
        "a guessed id finds nothing, in the platform's words",
        arguments: [
            "c000000000000000000000000", "C000000000000000000000000", "1", "null", "x'%20OR%20'1'='1",
            "c00000000000000000000000%00", "%F0%9F%8E%AC",
        ])
    func guessed(id: String) throws {
        for answer in [
            try client.get("/v1/media/\(id)"), try client.delete("/v1/media/\(id)"),
            try client.patch("/v1/media/\(id)", "{}"), try client.get("/m/\(id)"),
        ] {
            #expect(answer.status == 404 || (id.contains("%00") && answer.status == 400), "\(answer.text)")
            #expect(answer["Content-Type"] == "application/problem+json")
        }
        if id.hasPrefix("c") && !id.contains("%") {
            #expect(try client.get("/v1/media/\(id)").string("detail") == "Media with ID \(id) not found")
        }
    }

    @Test(
        "a method that a path doesn't have gets 405 with the ones it has",
        arguments: [
            ("PUT", "/v1/media", "GET, HEAD, POST"), ("DELETE", "/v1/media", "GET, HEAD, POST"),
            ("POST", "/v1/media/c000000000000000000000000", "GET, HEAD, PATCH, DELETE"),
            ("POST", "/healthz", "GET, HEAD"),
            ("PUT", "/m/c000000000000000000000000", "GET, HEAD"),
        ])
    func methods(method: String, path: String, allow: String) throws {
        let answer = try client.send(method, path)
        answer.expectProblem(405, "method_not_allowed")
        #expect(answer["Allow"] == allow)
    }

    @Test("a path that doesn't exist", arguments: ["/v1", "/v1/", "/v1/nothing", "/v1/media/a/b/c", "/nothing", "/"])
    func noPath(path: String) throws {
        try client.get(path).expectProblem(404, "not_found")
    }
}
