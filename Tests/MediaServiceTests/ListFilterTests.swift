import MediaCore
import MediaTesting
import Testing

/// Lists that are narrowed down, ordered and cut.
struct ListFilterTests {
    private static let shared = Result {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let records = try [
            client.upload(Samples.png("1"), name: "Übung_1.png", user: "anna", query: "isPublic=true"),
            client.upload(Samples.mp4("2", size: 9000), name: "Film 100%.mp4", user: "anna"),
            client.upload(
                Samples.text("three"), name: "notes.txt", user: "ben", query: "entityType=course&entityId=c1"),
            client.upload(Samples.mp4("4", size: 5000), name: "film.mp4", user: "ben"),
        ]
        _ = try client.delete("/v1/media/\(records[3].id)")
        return (instance, client, records.map(\.id))
    }

    /// Ends when nobody holds it.
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let ids: [String]

    init() throws {
        (instance, client, ids) = try Self.shared.get()
    }

    private func list(_ query: String, path: String = "/v1/media") throws -> [Int] {
        let answer = try client.get("\(path)?\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        #expect(answer.json["total"] == .integer(Int64(answer.json["media"]?.array?.count ?? -1)))
        return answer.json["media"]?.array?.compactMap { record in ids.firstIndex(of: record.id).map { $0 + 1 } } ?? []
    }

    @Test(
        "each filter, and several at once",
        arguments: [
            ("", [3, 2, 1]), ("type=VIDEO", [2]), ("type=AUDIO", []), ("status=DELETED", [4]),
            ("status=READY", [3, 2, 1]),
            ("userId=anna", [2, 1]), ("entityType=course&entityId=c1", [3]), ("isPublic=true", [1]),
            ("isPublic=false", [3, 2]), ("minSize=5001", [2]), ("maxSize=8999", [3, 1]), ("name=FILM", [2]),
            ("name=100%25", [2]), ("name=%25", [2]), ("name=_", [1]), ("name=%C3%BCBUNG", [1]), ("name=%7C", []),
            ("createdFrom=2100-01-01", []), ("createdBefore=2100-01-01T00:00:00Z", [3, 2, 1]),
            ("createdFrom=2020-01-01", [3, 2, 1]),
            ("userId=anna&type=VIDEO", [2]), ("userId=ben&isPublic=true", []),
            ("search=film", [2]), ("search=UBUNG", [1]), ("search=%C3%BCb+1+png", [1]), ("search=100", [2]),
            ("search=NOTE", [3]),
            ("search=otes", []), ("search=film+notes", []), ("search=film&userId=anna", [2]),
            ("search=film&userId=ben", []),
            ("search=notes&entityType=course&entityId=c1", [3]), ("search=%22film%22+-100%25*%28", [2]),
            ("search=the", []), ("search=1", [2, 1]),
            ("search=the+film", [2]),
            ("search=png&sort=name", [1]), ("sort=createdAt", [1, 2, 3]), ("sort=-size&type=VIDEO", [2]),
            ("sort=name", [2, 3, 1]),
            ("sort=-name", [1, 3, 2]),
        ])
    func filters(query: String, expected: [Int]) throws {
        #expect(try list(query) == expected, "\(query)")
    }

    @Test("the paths of users and entities take filters too")
    func paths() throws {
        #expect(try list("type=IMAGE", path: "/v1/users/anna/media") == [1])
        #expect(try list("type=DOCUMENT", path: "/v1/entities/course/c1/media") == [3])
        try client.get("/v1/users/anna/media?userId=ben").expectProblem(400, field: "userId")
    }

    @Test(
        "every order by cursor has each record once",
        arguments: ["createdAt", "-createdAt", "size", "-size", "name", "-name", "updatedAt", "-updatedAt"])
    func cursors(sort: String) throws {
        var seen: [String] = []
        var query = "sort=\(sort)&limit=1"
        for _ in 0..<4 {
            let answer = try client.get("/v1/media?\(query)")
            try #require(answer.status == 200, "\(answer.text)")
            seen += answer.json["media"]?.array?.map(\.id) ?? []
            guard let cursor = answer.json["nextCursor"]?.string else { break }
            #expect(answer["Link"]?.contains("cursor=\(cursor)>; rel=\"next\"") == true)
            query = "sort=\(sort)&limit=1&cursor=\(cursor)"
        }
        let whole = try client.get("/v1/media?sort=\(sort)").json["media"]?.array?.map(\.id)
        #expect(seen == whole && seen.count == 3)
    }

    @Test("the pages beside a page are named by its query written anew, and are there")
    func links() throws {
        let answer = try client.get("/v1/media?%6cimit=1&page=2&name=%C3%A9%3E%22%26")
        #expect(answer.status == 200 && answer["Link"]?.contains("limit=1&name=%C3%A9%3E%22%26&page=1>") == true)
        let first = try client.get("/v1/media?%70age=1&limit=1")
        let next = try #require(first["Link"]?.split(separator: ">").first?.split(separator: "<").last.map(String.init))
        #expect(next.contains("cursor=") && !next.contains("page="))
        #expect(try client.get(next).status == 200)
        #expect(try client.get("/v1/media?limit=2&page=50")["Link"]?.contains("page=2>; rel=\"prev\"") == true)
    }

    @Test("no cursor that somebody has made ends a worker")
    func hostileCursors() throws {
        let instance = try SharedInstance.instance()
        let workers = instance.workers
        let id = "c000000000000000000000000"
        func encoded(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }
        let numbers = ["9223372036854775807", "-9223372036854775808", "-99999999999999999", "253402300800000", "-1"]
        var cursors = ["v1.9223372036854775807.\(id)", "v1.9007199254740993.\(id)", "v1.-1.\(id)"]
        cursors += numbers.flatMap { number in
            ["updatedAt", "-updatedAt"].map { "v1.0.\($0).\(encoded(number)).\(id)" }
        }
        cursors += numbers.suffix(1).map { "v1.0.size.\(encoded($0)).\(id)" }
        for cursor in cursors where !cursor.hasSuffix("updatedAt.\(encoded("-1")).\(id)") {
            try client.get("/v1/media?limit=1&cursor=\(cursor)").expectProblem(400, field: "cursor", "\(cursor)")
        }
        for cursor in ["v1.9007199254740992.\(id)", "v1.0.updatedAt.\(encoded("-62135596800000")).\(id)"] {
            #expect(try client.get("/v1/media?limit=100&cursor=\(cursor)").status == 200, "\(cursor)")
        }
        let page = try client.get("/v1/media?limit=1&cursor=v1.9007199254740992.\(id)").json
        #expect(page["totalPages"] == .integer(9_007_199_254_740_992))
        #expect(instance.workers == workers)
    }

    @Test("an answer has the fields that are asked for")
    func fields() throws {
        let answer = try client.get("/v1/media/\(ids[0])?fields=url,id")
        #expect(answer.json.object?.map(\.name) == ["id", "url"] && answer["ETag"] == nil)
        let list = try client.get("/v1/media?fields=id&limit=1")
        #expect(list.json["media"]?.array?.first?.object?.map(\.name) == ["id"])
        try client.get("/v1/media?fields=id,secret").expectProblem(400, field: "fields")
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("search=", "search"), ("search=%2B-*", "search"), ("type=image", "type"), ("status=GONE", "status"),
            ("isPublic=1", "isPublic"), ("minSize=-1", "minSize"),
            ("createdFrom=yesterday", "createdFrom"), ("createdBefore=2026-02-30", "createdBefore"),
            ("entityType=course", "entityId"), ("sort=age", "sort"), ("name=", "name"), ("cursor=v1.x", "cursor"),
            ("colour=red", "colour"),
        ])
    func wrong(query: String, field: String) throws {
        try client.get("/v1/media?\(query)").expectProblem(400, "invalid_request", field: field)
    }
}
