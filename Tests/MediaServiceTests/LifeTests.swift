import MediaCore
import MediaTesting
import Testing

/// A record's life after its upload: changed, deleted, restored, removed for good.
struct LifeTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func upload(_ name: String, query: String = "") throws -> JSON {
        try client.upload(Samples.png(name), name: "a.png", user: "life", query: query)
    }

    @Test("a deleted record is restored as it was, with its public link", arguments: ["true", "false"])
    func restore(isPublic: String) throws {
        let record = try upload("restore \(isPublic)", query: "isPublic=\(isPublic)")
        let deleted = try client.delete("/v1/media/\(record.id)").json
        #expect(deleted.text("status") == "DELETED" && !deleted.text("deletedAt").isEmpty)
        try client.get(record.text("url")).expectProblem(404)
        let restored = try client.post("/v1/media/\(record.id)/restore", .none)
        #expect(restored.status == 200 && restored.json.text("status") == "READY")
        #expect(restored.json["deletedAt"] == .null && restored.json.text("url") == record.text("url"))
        #expect(try client.get(record.text("url")).body == Samples.png("restore \(isPublic)"))
        try client.post("/v1/media/\(record.id)/restore", .none).expectProblem(404, "not_found")
    }

    @Test("what is deleted for good is gone with its bytes, unless another record has them")
    func destroy() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let records = try (0..<2).map { _ in
            try client.upload(Samples.png("destroy"), name: "a.png", user: "u", query: "isPublic=true")
        }
        let answer = try client.delete("/v1/media/\(records[0].id)?hard=true")
        #expect(answer.status == 200 && answer.json.text("status") == "DELETED")
        try client.get(records[0].text("url")).expectProblem(404)
        try client.post("/v1/media/\(records[0].id)/restore", .none).expectProblem(404)
        #expect(try client.get(records[1].text("url")).status == 200)
        #expect(instance.folders.files("objects").count == 1)
        _ = try client.delete("/v1/media/\(records[1].id)")
        #expect(instance.folders.files("objects").count == 1)
        _ = try client.delete("/v1/media/\(records[1].id)?hard=true")
        #expect(instance.folders.files("objects") == [] && instance.folders.files("staging") == [])
        #expect(instance.folders.files("public") == [])
        try client.delete("/v1/media/\(records[1].id)?hard=true").expectProblem(404)
        try client.delete("/v1/media/\(records[1].id)?hard=yes").expectProblem(400, field: "hard")
    }

    @Test("after the retention time housekeeping removes what was deleted, and nothing else")
    func purge() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_RETENTION": "0"])
        let client = try instance.client()
        let gone = try client.upload(Samples.png("gone"), name: "a.png", user: "u").id
        let kept = try client.upload(Samples.png("kept"), name: "a.png", user: "u").id
        _ = try client.delete("/v1/media/\(gone)")
        #expect(
            try eventually(within: 5) {
                try instance.mediad("work", "--once")
                return instance.folders.files("objects").count == 1
            })
        try client.post("/v1/media/\(gone)/restore", .none).expectProblem(404)
        #expect(try client.get("/m/\(kept)").body == Samples.png("kept"))
    }

    @Test("two editors can't overwrite each other")
    func preconditions() throws {
        let id = try upload("editors").id
        let read = try client.get("/v1/media/\(id)")
        let tag = try #require(read["ETag"])
        #expect(try client.get("/v1/media/\(id)", headers: ["If-None-Match": tag]).status == 304)
        func patch(_ tag: String, _ body: String) throws -> HTTPResponse {
            try client.send(
                "PATCH", "/v1/media/\(id)", headers: ["Content-Type": "application/json", "If-Match": tag], .text(body))
        }
        let first = try patch(tag, #"{"title":"first"}"#)
        #expect(first.status == 200 && first["ETag"] != tag)
        try patch(tag, #"{"title":"second"}"#).expectProblem(412, "precondition_failed")
        #expect(try client.get("/v1/media/\(id)", headers: ["If-None-Match": tag]).json.text("title") == "first")
        try client.send("DELETE", "/v1/media/\(id)", headers: ["If-Match": tag]).expectProblem(412)
        // Who sends an empty one counts on it, too.
        for header in ["If-Match", "If-None-Match"] {
            let method = header == "If-Match" ? "PATCH" : "GET"
            try client.send(
                method, "/v1/media/\(id)", headers: ["Content-Type": "application/json"],
                method == "GET" ? .none : .text("{}"),
                curl: ["-H", "\(header);"]
            ).expectProblem(400, field: header)
        }
        for wrong in ["first", "\"1", "\"1\" \"2\"", ",", "W/1"] {
            try patch(wrong, "{}").expectProblem(400, field: "If-Match", "\(wrong)")
        }
        for other in ["\"a,b\"", "\"9\",\t\"8\"", "W/\"1\""] {
            try patch(other, "{}").expectProblem(412, "precondition_failed", "\(other)")
        }
        #expect(try patch("*", #"{"title":"third"}"#).status == 200)
        // A change that changes nothing isn't one.
        let third = try client.get("/v1/media/\(id)")["ETag"]
        #expect(try patch(try #require(third), #"{"title":"third"}"#)["ETag"] == third)
    }

    @Test("the links of a deleted file don't come back with it")
    func links() throws {
        let id = try upload("links of the deleted").id
        let json = ["Content-Type": "application/json"]
        func link() throws -> String {
            try client.post("/v1/media/\(id)/links", headers: json, .text(#"{"expiresIn":600}"#)).json.text("url")
        }
        let old = try link()
        #expect(try client.get(old, headers: ["Authorization": ""]).status == 200)
        _ = try client.delete("/v1/media/\(id)")
        _ = try client.post("/v1/media/\(id)/restore", .none)
        try client.get(old, headers: ["Authorization": ""]).expectProblem(403, "link_revoked")
        let new = try link()
        #expect(new != old)
        #expect(try client.get(new, headers: ["Authorization": ""]).status == 200)
    }

    @Test("what is answered as gone for good is gone, whatever else is tried at the same time")
    func destroyAndRestore() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        for round in 0..<15 {
            let id = try client.upload(Samples.png("\(round)"), name: "a.png", user: "u", query: "isPublic=true").id
            _ = try client.delete("/v1/media/\(id)")
            let statuses = Statuses.of(4) { number in
                number == 0
                    ? try client.delete("/v1/media/\(id)?hard=true").status
                    : try client.post("/v1/media/\(id)/restore", .none).status * 1000
            }
            #expect(statuses.contains(200))
            try client.get("/v1/media/\(id)").expectProblem(404)
            try client.get("/m/\(id)").expectProblem(404)
        }
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("a title that only looks the same is another one")
    func lookalikes() throws {
        let id = try upload("titles").id
        for title in ["andr\u{E9}", "andre\u{301}"] {
            _ = try client.patch("/v1/media/\(id)", #"{"title":"\#(title)"}"#)
            #expect(Array(try client.get("/v1/media/\(id)").json.text("title").utf8) == Array(title.utf8))
        }
    }

    @Test("a merge patch is one however its type is spelled")
    func mergePatchType() throws {
        let id = try upload("merge type", query: "metadata=%7B%22a%22%3A1%7D").id
        let answer = try client.send(
            "PATCH", "/v1/media/\(id)", headers: ["Content-Type": "Application/Merge-Patch+JSON; charset=utf-8"],
            .text(#"{"metadata":{"b":2}}"#))
        #expect(answer.json["metadata"]?.text == #"{"a":1,"b":2}"#)
        try client.patch("/v1/media/\(id)", #"{"revision":7}"#).expectProblem(400, field: "revision", reason: "can't")
    }

    @Test("a merge patch changes members of the metadata (RFC 7396)")
    func mergePatch() throws {
        let id = try upload("merge", query: "metadata=%7B%22a%22%3A%7B%22x%22%3A1%2C%22y%22%3A2%7D%2C%22b%22%3A1%7D").id
        func patch(_ body: String) throws -> HTTPResponse {
            try client.send(
                "PATCH", "/v1/media/\(id)", headers: ["Content-Type": "application/merge-patch+json"], .text(body))
        }
        #expect(
            try patch(#"{"metadata":{"a":{"x":null,"z":[3]},"c":"n"}}"#).json["metadata"]?.text
                == #"{"a":{"y":2,"z":[3]},"b":1,"c":"n"}"#)
        let deep = String(repeating: #"{"a":"#, count: 16) + "1" + String(repeating: "}", count: 16)
        #expect(try patch(#"{"metadata":\#(deep)}"#).status == 200)
        try patch(#"{"metadata":{"a":{"a":\#(deep)}}}"#).expectProblem(400)
        #expect(try patch(#"{"metadata":null}"#).json["metadata"] == .null)
    }
}
