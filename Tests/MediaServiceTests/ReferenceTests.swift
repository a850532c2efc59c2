import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// What files belong to, and what becomes of them when that is gone.
struct ReferenceTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let user = "ref-\(UUID().uuidString)"

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func upload(_ salt: String, _ query: String = "") throws -> JSON {
        try client.upload(Samples.text("\(user) \(salt)"), name: "a.txt", user: user, query: query)
    }

    private func references(_ id: String) throws -> [String] {
        let answer = try client.get("/v1/media/\(id)/references")
        return try #require(answer.json["references"]?.array, "\(answer.text)").map {
            "\($0.text("entityType")):\($0.text("entityId"))"
        }
    }

    private func event(_ pattern: String, _ data: String, with client: HTTPClient? = nil) throws -> HTTPResponse {
        try (client ?? self.client).post(
            "/v1/rpc", headers: ["Content-Type": "application/json"],
            .text(#"{"pattern":"\#(pattern)","data":\#(data)}"#))
    }

    @Test("a file belongs to many entities; the record names the first that is left")
    func many() throws {
        let id = try upload("many").id
        #expect(try references(id) == [])
        let first = try client.send("PUT", "/v1/media/\(id)/references/course/\(user)", .none)
        #expect(first.status == 201 && first.json.text("entityType") == "course" && first.json.text("entityId") == user)
        #expect(try client.send("PUT", "/v1/media/\(id)/references/course/\(user)", .none).status == 200)
        let second = try client.send("PUT", "/v1/media/\(id)/references/lesson/\(user)", .none)
        #expect(second.status == 201 && second.json.text("entityType") == "course")
        #expect(try client.send("PUT", "/v1/media/\(id)/references/lesson/\(user)", .none).status == 200)
        #expect(try references(id) == ["course:\(user)", "lesson:\(user)"])
        #expect(try client.get("/v1/entities/lesson/\(user)/media").json.ids == [id])
        let third = try client.delete("/v1/media/\(id)/references/course/\(user)")
        #expect(third.json.text("entityType") == "lesson")
        try client.delete("/v1/media/\(id)/references/course/\(user)").expectProblem(404)
        #expect(try client.delete("/v1/media/\(id)/references/lesson/\(user)").json["entityId"] == .null)
        #expect(try references(id) == [])
        try client.send("PUT", "/v1/media/\(id)/references/course/a%2Fb", .none).expectProblem(404)
        try client.send("PUT", "/v1/media/\(id)/references/course/\(String(repeating: "x", count: 192))", .none)
            .expectProblem(400, field: "entityId")
    }

    @Test("what belongs to something is deleted by force only, and the answer says to what")
    func force() throws {
        let id = try upload("force", "entityType=lesson&entityId=\(user)").id
        for query in ["", "?hard=true", "?force=false"] {
            let refused = try client.delete("/v1/media/\(id)\(query)")
            refused.expectProblem(409, "referenced", field: "references", reason: "lesson:\(user)")
        }
        let results = try client.bulk([
            #"{"op":"delete","id":"\#(id)"}"#, #"{"op":"delete","id":"\#(id)","force":true}"#,
            #"{"op":"restore","id":"\#(id)"}"#,
        ])
        #expect(results.map { $0["status"]?.integer } == [409, 200, 200])
        #expect(try client.delete("/v1/media/\(id)?force=true").json.text("status") == "DELETED")
        // A deleted one is nobody's any more.
        #expect(try client.delete("/v1/media/\(id)?hard=true").status == 200)
    }

    @Test("a course's copy gets its files without a byte being copied")
    func clone() throws {
        let ids = try (0..<3).map { try upload("clone \($0)", "entityType=course&entityId=\(user)").id }
        #expect(try client.delete("/v1/media/\(ids[2])?force=true").status == 200)
        let usage = try client.get("/v1/users/\(user)/usage").json
        let path = "/v1/entities/course/\(user)/clone"
        for added in [2, 0] as [Int64] {
            let answer = try client.json("POST", path, #"{"entityId":"\#(user)-copy"}"#)
            #expect(answer.status == 200 && answer.json["added"] == .integer(added), "\(answer.text)")
        }
        #expect(Set(try client.get("/v1/entities/course/\(user)-copy/media").json.ids) == Set(ids.prefix(2)))
        // The records are the same ones, and so are their files.
        #expect(try client.get("/v1/users/\(user)/usage").json == usage)
        for (body, field) in [
            ("{}", "entityId"), (#"{"entityId":"\#(user)"}"#, "entityId"), (#"{"entityId":"x","a":1}"#, "a"),
        ] {
            try client.json("POST", path, body).expectProblem(400, field: field)
        }
        var reader = client
        reader.key = try instance.key("media:read")
        try reader.json("POST", path, #"{"entityId":"x"}"#).expectProblem(403)
    }

    @Test("a lesson is deleted: its links go, and what nothing else uses is deleted")
    func lessonDeleted() throws {
        let alone = try upload("alone", "entityType=lesson&entityId=\(user)&isPublic=true")
        let shared = try upload("shared", "entityType=lesson&entityId=\(user)").id
        #expect(try client.send("PUT", "/v1/media/\(shared)/references/course/\(user)", .none).status == 201)
        #expect(try event("lesson.created", #"{"lessonId":"\#(user)","courseId":"c"}"#).status == 204)
        for _ in 0..<2 { #expect(try event("lesson.deleted", #"{"lessonId":"\#(user)"}"#).status == 204) }
        try client.get("/v1/media/\(alone.id)").expectProblem(404)
        try client.get(alone.text("url")).expectProblem(404)
        #expect(try references(shared) == ["course:\(user)"])
        #expect(try client.get("/v1/media/\(shared)").json.text("entityType") == "course")
        var writer = client
        writer.key = try instance.key("media:write")
        try event("course.deleted", #"{"courseId":"\#(user)"}"#, with: writer).expectProblem(403)
        #expect(try references(shared) == ["course:\(user)"])
        _ = try event("course.deleted", #"{"courseId":"\#(user)"}"#)
        try client.get("/v1/media/\(shared)").expectProblem(404)
    }

    @Test("a user is deleted: what they have and nothing uses goes, lessons keep their files")
    func userDeleted() throws {
        let own = try upload("own").id
        let used = try upload("used", "entityType=lesson&entityId=\(user)").id
        let avatar = try client.upload(
            Samples.text("\(user) avatar"), name: "a.txt", user: "someone", query: "entityType=user&entityId=\(user)"
        ).id
        #expect(try event("user.deleted", #"{"userId":"\#(user)"}"#).status == 204)
        for id in [own, avatar] { try client.get("/v1/media/\(id)").expectProblem(404) }
        #expect(try client.get("/v1/media/\(used)").status == 200)
    }

    @Test("a course of many files is gone through in batches, and what a crash leaves is gone on with")
    func resumed() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let first = try client.upload(
            Samples.text("many"), name: "a.txt", user: "u", query: "entityType=course&entityId=c"
        ).id
        let connection = instance.connection()
        try connection.transaction { connection in
            for number in 0..<1000 {
                let id = "c00000000000000000000\(String(format: "%04d", number))"
                try connection.execute(
                    """
                    INSERT INTO media (id, type, original_name, mime_type, size, user_id, entity_id, entity_type, metadata,
                        is_public, status, created_at, updated_at, title, sha256, public_name)
                    SELECT ?, type, original_name, mime_type, size, user_id, entity_id, entity_type, metadata, is_public,
                        status, created_at, updated_at, title, sha256, public_name FROM media WHERE id = ?
                    """, [.text(id), .text(first)])
                try connection.execute("INSERT INTO media_entities VALUES ('course', 'c', ?, NOW(3))", [.text(id)])
            }
            // As if the process had died before the first batch.
            try connection.execute("INSERT INTO departures VALUES ('course', 'c', NOW(3))")
        }
        func left() throws -> [Int64] {
            try [
                "SELECT COUNT(*) FROM media WHERE status <> 'DELETED'", "SELECT COUNT(*) FROM media_entities",
                "SELECT COUNT(*) FROM departures",
            ].flatMap {
                try connection.query($0) { (row) throws(MariaDBError) in try row.integer(0) }
            }
        }
        #expect(try left() == [1001, 1001, 1])
        try instance.mediad("work", "--once")
        #expect(try left() == [0, 0, 0])
    }
}
