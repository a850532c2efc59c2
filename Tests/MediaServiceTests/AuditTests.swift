import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// The audit log: every write with what it changed, every refusal with its reason, each with who and from where.
@Suite(.serialized) struct AuditTests {
    private static let shared = Result {
        let instance = try ServiceInstance(settings: ["MEDIA_JWT_SECRET": TestIssuer.secret, "MEDIA_VERSIONS": "1"])
        return (instance, try instance.client())
    }

    private let instance: ServiceInstance
    private let client: HTTPClient
    /// As the log names that client.
    private let name: String

    init() throws {
        (instance, client) = try Self.shared.get()
        name = "key:\((client.key ?? "").dropFirst(3).prefix(APIKey.idLength))"
    }

    /// The log's entries, oldest first.
    private func entries(_ options: String...) throws -> [JSON] {
        let lines = try Command.run(
            ServiceFolders.mediad, ["audit", "--json", "--limit", "10000"] + options, environment: instance.environment)
        return try lines.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    @Test("each step of a record's life, with what it changed")
    func life() throws {
        let id = try client.upload(Samples.mp4("audit", size: 3000), name: "a.mp4", user: "ann").id
        let changed = try client.patch("/v1/media/\(id)", #"{"title":"One","isPublic":true}"#)
        #expect(changed.status == 200)
        // What changes nothing is no entry.
        #expect(try client.patch("/v1/media/\(id)", #"{"title":"One"}"#).status == 200)
        #expect(
            try client.send("PUT", "/v1/media/\(id)/file", .bytes(Samples.mp4("audit 2", size: 4000))).status == 200)
        #expect(try client.post("/v1/media/\(id)/versions/1/restore", .none).status == 200)
        #expect(try client.delete("/v1/media/\(id)/versions/2").status == 204)
        #expect(try client.delete("/v1/media/\(id)").status == 200)
        #expect(try client.post("/v1/media/\(id)/restore", .none).status == 200)
        #expect(try client.delete("/v1/media/\(id)?hard=true").status == 200)
        let log = try entries("--media", id)
        #expect(
            log.map { $0.text("action") } == [
                "media.create", "media.update", "media.replace_file", "media.restore_version", "media.delete_version",
                "media.delete", "media.restore", "media.delete", "media.destroy",
            ])
        for entry in log {
            #expect(entry.text("caller") == name && entry.text("address") == "127.0.0.1")
            #expect(entry.text("requestId").count == 32 && entry.text("media") == id)
        }
        #expect(log[0]["before"] == .null && log[0]["after"]?.text("originalName") == "a.mp4")
        #expect(log[1]["before"]?.object?.map(\.name).sorted() == ["isPublic", "title"])
        #expect(log[1]["before"]?["title"] == .null && log[1]["after"]?.text("title") == "One")
        #expect(log[1].text("requestId") == changed["X-Request-Id"])
        #expect(log[2]["before"]?["size"] == .integer(3000) && log[2]["after"]?["size"] == .integer(4000))
        #expect(log[4].text("detail") == "version 2")
        #expect(log[5]["after"]?.text("status") == "DELETED")
        #expect(log[8]["after"] == .null && log[8]["before"]?.text("userId") == "ann")
    }

    @Test("links and their ends, single and many")
    func links() throws {
        let id = try client.upload(Samples.text("audited link"), name: "a.txt", user: "ann").id
        let json = ["Content-Type": "application/json"]
        let body = #"{"expiresIn":600,"subject":"bob","maxUses":3,"network":"10.0.0.0/8"}"#
        let link = try client.post("/v1/media/\(id)/links", headers: json, .text(body)).json
        #expect(try client.delete("/v1/media/\(id)/links/\(link.id)").status == 204)
        #expect(try client.delete("/v1/media/\(id)/links").status == 204)
        let many = #"{"links":[{"mediaId":"\#(id)","expiresIn":60},{"mediaId":"\#(id)","expiresIn":6000}]}"#
        #expect(try client.post("/v1/links", headers: json, .text(many)).status == 201)
        let log = try entries("--media", id)
        #expect(
            log.map { $0.text("action") } == [
                "media.create", "link.create", "link.revoke", "link.revoke_all", "link.create", "link.create",
            ])
        #expect(log[1]["after"]?.text("link") == link.id && log[1]["after"]?.text("subject") == "bob")
        #expect(log[1]["after"]?["maxUses"] == .integer(3) && log[1]["after"]?.text("network") == "10.0.0.0/8")
        #expect(log[2].text("detail") == "link \(link.id)")
        // No entry holds what would open the file.
        #expect(!log.contains { $0.text.contains("&s=") || $0.text.contains("?e=") })
    }

    @Test("who is refused is there a moment later, without the query and without the token")
    func refusals() throws {
        let id = try client.upload(Samples.text("audited refusal"), name: "a.txt", user: "ann").id
        var stranger = instance.anonymous
        stranger.key = try TestIssuer().token("eve")
        try stranger.patch("/v1/media/\(id)", "{}").expectProblem(404)
        try instance.anonymous.get("/m/\(id)?s=secret").expectProblem(404)
        var reader = instance.anonymous
        reader.key = try instance.key("media:read")
        try reader.delete("/v1/media/\(id)").expectProblem(403)
        try instance.anonymous.get("/v1/media/\(id)", headers: ["Authorization": "Basic dTpw"]).expectProblem(401)
        #expect(try eventually(within: 5) { try entries("--media", id, "--action", "refused").count >= 2 })
        let log = try entries("--media", id, "--action", "refused")
        #expect(log.map { $0.text("caller") }.sorted() == ["anonymous", "user:eve"])
        #expect(log.contains { $0.text("detail") == "not there for this caller: PATCH /v1/media/\(id)" })
        #expect(log.contains { $0.text("detail") == "not there for this caller: GET /m/\(id)" })
        let expected = [
            "lacks the scope media:delete: DELETE /v1/media/\(id)", "no Bearer credentials: GET /v1/media/\(id)",
        ]
        // Each worker writes its own down.
        let areThere = try eventually(within: 5) {
            let details = try entries("--action", "refused").map { $0.text("detail") }
            return expected.allSatisfy(details.contains)
        }
        #expect(areThere)
        let others = try entries("--action", "refused")
        #expect(!others.contains { $0.text.contains("secret") || $0.text.contains(stranger.key ?? "") })
    }

    @Test("an id of very many characters in one keeps nobody's refusal out of the log")
    func longCharacter() throws {
        let id = "x" + String(repeating: "%CC%81", count: 300)
        try client.get("/v1/media/\(id)").expectProblem(404)
        try client.get("/v1/media/beside").expectProblem(404)
        #expect(try eventually(within: 5) { try entries("--media", "beside").count == 1 })
        #expect(try entries("--action", "refused").contains { $0.text("media").unicodeScalars.count == 100 })
    }

    @Test("the operator's commands, and what is due by itself")
    func commands() throws {
        let key = try #require(APIKey(try instance.key("media:read")))
        try instance.mediad("key", "revoke", key.id)
        let linkKey = try instance.mediad("link-key", "rotate")
        try instance.mediad("link-key", "revoke", linkKey)
        let id = try client.upload(Samples.mp4("due", size: 2000), name: "a.mp4", user: "ann").id
        for size in [3000, 4000] {
            #expect(
                try client.send("PUT", "/v1/media/\(id)/file", .bytes(Samples.mp4("due", size: size))).status == 200)
        }
        #expect(try client.delete("/v1/media/\(id)").status == 200)
        try instance.connection().transaction { connection in
            try connection.execute("UPDATE media_versions SET expires_at = '2000-01-01' WHERE expires_at IS NOT NULL")
            try connection.execute(
                "UPDATE media SET deleted_at = '2000-01-01' WHERE deleted_at IS NOT NULL AND id = ?", [.text(id)])
        }
        try instance.mediad("work", "--once")
        let own = try entries("--caller", "operator").map { "\($0.text("action")) \($0.text("detail"))" }
        #expect(
            own.contains("key.create key \(key.id), a test: media:read") && own.contains("key.revoke key \(key.id)"))
        #expect(own.contains("link_key.rotate key \(linkKey)") && own.contains("link_key.revoke key \(linkKey)"))
        #expect(try !entries("--caller", "operator").contains { $0.text.contains(key.secret) })
        let due = try entries("--media", id, "--caller", "housekeeping").map { $0.text("action") }
        #expect(due == ["media.purge"] || due == ["media.purge", "media.purge_versions"].reversed())
    }

    @Test("a long value that becomes another of the same length is a change")
    func longValues() throws {
        let id = try client.upload(Samples.text("long values"), name: "a.txt", user: "ann").id
        for letter in ["a", "b"] {
            let value = String(repeating: letter, count: 3000)
            #expect(try client.patch("/v1/media/\(id)", #"{"metadata":{"x":"\#(value)"}}"#).status == 200)
        }
        let last = try #require(try entries("--media", id).last)
        #expect(last["before"]?.text("metadata") == "(3008 bytes)" && last["after"]?.text("metadata") == "(3008 bytes)")
    }

    @Test(
        "what can't be asked for is said",
        arguments: [["--caller", "ann"], ["--action", "delete"], ["--since", "1h"]])
    func wrongQuestion(options: [String]) throws {
        let command = try Command(ServiceFolders.mediad, ["audit"] + options, environment: instance.environment)
        #expect(command.status == 64 && command.output.isEmpty && !command.errors.isEmpty)
    }

    @Test("a change that comes to nothing has no entry")
    func rolledBack() throws {
        let id = try client.upload(Samples.text("rolled back"), name: "a.txt", user: "ann").id
        let stale = try client.send(
            "PATCH", "/v1/media/\(id)", headers: ["Content-Type": "application/json", "If-Match": "\"9\""],
            .text(#"{"title":"x"}"#))
        stale.expectProblem(412)
        #expect(try entries("--media", id).map { $0.text("action") } == ["media.create"])
    }

    @Test("bulk: an entry for each, by its own kind")
    func bulk() throws {
        let id = try client.upload(Samples.text("audited bulk"), name: "a.txt", user: "ann").id
        let operations = [
            #"{"op":"update","id":"\#(id)","changes":{"title":"B"}}"#, #"{"op":"delete","id":"\#(id)"}"#,
            #"{"op":"restore","id":"\#(id)"}"#,
        ]
        let answer = try client.post(
            "/v1/media/bulk", headers: ["Content-Type": "application/json"],
            .text(#"{"operations":[\#(operations.joined(separator: ","))]}"#))
        #expect(answer.status == 200)
        let actions = try entries("--media", id).map { $0.text("action") }
        #expect(actions == ["media.create", "media.update", "media.delete", "media.restore"])
    }

    @Test("old entries go, by hand and by time, and the log says who took them out")
    func prune() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_AUDIT_RETENTION": "1h"])
        let client = try instance.client()
        let id = try client.upload(Samples.text("pruned"), name: "a.txt", user: "ann").id
        func actions() throws -> [String] {
            try instance.mediad("audit", "--json").split(separator: "\n").map {
                try JSONParser.parse(Array($0.utf8)).text("action")
            }
        }
        #expect(try actions() == ["key.create", "media.create"])
        try instance.connection().transaction { connection in
            try connection.execute("UPDATE audit_log SET at = at - INTERVAL 2 HOUR WHERE action = 'key.create'")
        }
        try instance.mediad("work", "--once")
        #expect(try actions() == ["media.create"])
        #expect(try instance.mediad("audit", "prune", "--before", "2999-01-01") == "removed 1")
        #expect(try actions() == ["audit.prune"])
        #expect(try client.get("/v1/media/\(id)").status == 200)
    }

    @Test("what is refused while MariaDB is away comes into the log afterwards")
    func outage() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(settings: ["MEDIA_JWT_SECRET": TestIssuer.secret], mariaDB: server)
        server.stop()
        var forger = instance.anonymous
        forger.key = try TestIssuer(key: .secret(String(repeating: "f", count: 32))).token("eve")
        for _ in 0..<3 { try forger.get("/v1/media").expectProblem(401) }
        Thread.sleep(forTimeInterval: 2)
        try server.start()
        #expect(
            try eventually(within: 10) {
                try instance.mediad("audit", "--action", "refused").split(separator: "\n").count == 3
            })
    }
}
