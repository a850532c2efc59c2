import Crypto
import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// A record's file is replaced; earlier ones are kept.
@Suite(.serialized) struct VersionTests {
    private static let shared = Result {
        let instance = try ServiceInstance(settings: [
            "MEDIA_VERSIONS": "2", "MEDIA_JWT_SECRET": TestIssuer.secret, "MEDIA_USER_MAX_BYTES": "100K",
        ])
        return (instance, try instance.client())
    }

    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        (instance, client) = try Self.shared.get()
    }

    private func bytes(_ name: String) -> [UInt8] { Samples.mp4(name, size: 3000) }

    private func upload(_ name: String, user: String = UUID().uuidString, _ query: String = "") throws -> JSON {
        try client.upload(bytes(name), name: "lecture.mp4", user: user, query: query)
    }

    private func replace(
        _ id: String, _ bytes: [UInt8], query: String = "", headers: [String: String] = [:],
        by client: HTTPClient? = nil
    ) throws -> HTTPResponse {
        try (client ?? self.client).send("PUT", "/v1/media/\(id)/file\(query)", headers: headers, .bytes(bytes))
    }

    private func versions(_ id: String) throws -> [JSON] {
        try client.get("/v1/media/\(id)/versions").json["versions"]?.array ?? []
    }

    /// Has the versions removed that are due, as if their time had come.
    private func purge() throws {
        try instance.connection().run(
            "UPDATE media_versions SET expires_at = '2020-01-01' WHERE expires_at IS NOT NULL")
        try instance.mediad("work", "--once")
    }

    @Test("the record stays, its file is another one, at once and everywhere", arguments: ["true", "false"])
    func replace(isPublic: String) throws {
        let record = try upload("one \(isPublic)", "isPublic=\(isPublic)&title=T")
        let answer = try replace(record.id, bytes("two \(isPublic)"), query: "?name=new%20cut.mp4")
        try #require(answer.status == 200, "\(answer.text)")
        let new = answer.json
        #expect(new.id == record.id && new["version"] == .integer(2) && new.text("originalName") == "new cut.mp4")
        #expect(new.text("title") == "T" && new.text("createdAt") == record.text("createdAt"))
        #expect(new.text("sha256") != record.text("sha256") && new["revision"] == .integer(2))
        #expect(try client.get(new.text("url")).body == bytes("two \(isPublic)"))
        #expect(try client.get("/m/\(record.id)").body == bytes("two \(isPublic)"))
        if isPublic == "true" {
            #expect(new.text("url").hasSuffix("/new-cut-\(new.text("sha256").prefix(16)).mp4"))
            // A cache that has kept the old URL's content never mixes it with the new one's.
            try client.get(record.text("url")).expectProblem(404)
        }
        let list = try versions(record.id)
        #expect(list.map { $0["version"] } == [.integer(2), .integer(1)])
        #expect(list.map { $0["current"] } == [.bool(true), .bool(false)])
        #expect(list.map { $0.text("originalName") } == ["new cut.mp4", "lecture.mp4"])
        #expect(list.last?.text("createdAt") == record.text("createdAt"))
    }

    @Test("the same file again changes nothing")
    func same() throws {
        let record = try upload("same")
        let answer = try replace(record.id, bytes("same"))
        #expect(answer.status == 200 && answer.json == record)
        #expect(try versions(record.id).count == 1)
    }

    @Test("an earlier version comes back as a new one; one can be deleted, but not the record's own")
    func restore() throws {
        let record = try upload("first", "isPublic=true")
        #expect(try replace(record.id, bytes("second")).status == 200)
        let restored = try client.post("/v1/media/\(record.id)/versions/1/restore", .none)
        #expect(restored.status == 200 && restored.json["version"] == .integer(3))
        #expect(try client.get(restored.json.text("url")).body == bytes("first"))
        #expect(try versions(record.id).map { $0["version"] } == [.integer(3), .integer(2), .integer(1)])
        try client.delete("/v1/media/\(record.id)/versions/3").expectProblem(409, "current_version")
        #expect(try client.delete("/v1/media/\(record.id)/versions/2").status == 204)
        for number in ["2", "9", "0", "-1", "x", "01", "99999999999999999999"] {
            try client.delete("/v1/media/\(record.id)/versions/\(number)").expectProblem(404, "not_found")
            try client.post("/v1/media/\(record.id)/versions/\(number)/restore", .none).expectProblem(404)
        }
        #expect(try versions(record.id).map { $0["version"] } == [.integer(3), .integer(1)])
        try purge()
        #expect(try client.get(restored.json.text("url")).body == bytes("first"))
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("no more earlier versions are kept than the setting says, and their bytes go a little later")
    func limit() throws {
        let record = try upload("v1")
        for number in 2...5 { #expect(try replace(record.id, bytes("v\(number)")).status == 200) }
        #expect(try versions(record.id).map { $0["version"] } == [.integer(5), .integer(4), .integer(3)])
        try client.post("/v1/media/\(record.id)/versions/1/restore", .none).expectProblem(404)
        let object = "\(record.text("sha256").prefix(2))"
        #expect(instance.folders.files("objects").contains { $0.hasSuffix(record.text("sha256")) }, "\(object)")
        try purge()
        #expect(!instance.folders.files("objects").contains { $0.hasSuffix(record.text("sha256")) })
        #expect(try client.get("/v1/users/\(record.text("userId"))/usage").json["bytes"] == .integer(9000))
        #expect(try client.delete("/v1/media/\(record.id)?hard=true").status == 200)
        #expect(try client.get("/v1/users/\(record.text("userId"))/usage").json["bytes"] == .integer(0))
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("of two editors one is told", arguments: ["PUT", "POST"])
    func precondition(method: String) throws {
        let record = try upload("editors \(method)")
        #expect(try replace(record.id, bytes("mine \(method)"), headers: ["If-Match": "\"1\""]).status == 200)
        let path = method == "PUT" ? "file" : "versions/1/restore"
        let answer = try client.send(
            method, "/v1/media/\(record.id)/\(path)", headers: ["If-Match": "\"1\""],
            method == "PUT" ? .bytes(bytes("yours")) : .none)
        answer.expectProblem(412, "precondition_failed")
        #expect(try client.get("/m/\(record.id)").body == bytes("mine \(method)"))
    }

    @Test("what isn't a file for this record")
    func refused() throws {
        let record = try upload("refused")
        try replace(record.id, Samples.png("x")).expectProblem(
            415, "unsupported_media_type", field: "body", reason: "VIDEO")
        try replace(record.id, []).expectProblem(400, field: "body")
        try replace(record.id, bytes("x"), query: "?name=a%2Fb.mp4").expectProblem(400, field: "name")
        try replace(record.id, bytes("x"), query: "?userId=x").expectProblem(400, field: "userId")
        try replace(
            record.id, bytes("x"), headers: ["Content-Digest": "sha-256=:\(String(repeating: "A", count: 43))=:"]
        )
        .expectProblem(400, "digest_mismatch")
        try replace("c000000000000000000000000", bytes("x")).expectProblem(404, "not_found")
        let form = try client.send(
            "PUT", "/v1/media/\(record.id)/file", .form([.file("file", name: "b.mp4", type: nil, bytes("in a form"))]))
        form.expectProblem(415, "unsupported_media_type", field: "Content-Type", reason: "form")
        for method in ["POST", "GET"] {
            let answer = try client.send(method, "/v1/media/\(record.id)/file", .bytes(bytes("x")))
            answer.expectProblem(405, "method_not_allowed")
            #expect(answer["Allow"] == "PUT")
        }
        #expect(try client.delete("/v1/media/\(record.id)").status == 200)
        try replace(record.id, bytes("x")).expectProblem(404, "not_found")
        try client.get("/v1/media/\(record.id)/versions").expectProblem(404, "not_found")
        #expect(instance.folders.files("staging") == [])
    }

    @Test("who may")
    func access() throws {
        let record = try upload("access", user: "vera", "entityType=course&entityId=v")
        func user(_ id: String, _ entities: [String] = []) throws -> HTTPClient {
            var client = instance.anonymous
            client.key = try TestIssuer().token(id, entities: entities)
            return client
        }
        let people = [
            (try user("vera"), 200), (try user("paul"), 404), (try user("eve", ["course:v"]), 403),
            (instance.anonymous, 401),
        ]
        for (client, status) in people {
            #expect(try replace(record.id, bytes("access"), by: client).status == status)
            #expect(try client.get("/v1/media/\(record.id)/versions").status == status)
            let restore = try client.post("/v1/media/\(record.id)/versions/7/restore", .none)
            #expect(restore.status == (status == 200 ? 404 : status))
        }
    }

    @Test("versions count for their user's quota")
    func quota() throws {
        let record = try upload("quota")
        let answer = try replace(record.id, Samples.mp4("large", size: 100_000))
        answer.expectProblem(413, "quota_exceeded")
        #expect(answer.json.text("detail").contains("102400 are allowed"))
        #expect(try client.get("/m/\(record.id)").body == bytes("quota"))
        #expect(try replace(record.id, Samples.mp4("fits", size: 90_000)).status == 200)
        try replace(record.id, Samples.mp4("too much", size: 10_000)).expectProblem(413, "quota_exceeded")
        #expect(try client.get("/v1/users/\(record.text("userId"))/usage").json["bytes"] == .integer(93000))
    }

    @Test("of ten editors of a public file one comes through, and nobody is ever served what was refused")
    func publicEditors() throws {
        for round in 0..<6 {
            let record = try upload("public \(round)", "isPublic=true")
            let statuses = Statuses.of(10) {
                let bytes = Samples.mp4("public \(round) \($0)", size: 1000 + $0)
                return try replace(record.id, bytes, headers: ["If-Match": "\"1\""]).status
            }
            #expect(statuses.sorted() == [200] + [Int](repeating: 412, count: 9))
            let now = try client.get("/v1/media/\(record.id)").json
            let file = try instance.anonymous.get(now.text("url"))
            #expect(file.status == 200 && Hex.encode(Array(SHA256.hash(data: file.body))) == now.text("sha256"))
            #expect(instance.folders.files("public/\(record.id)").count == 1)
        }
        try purge()
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("who may read a record's versions need not be able to change it")
    func readers() throws {
        let record = try upload("readers", user: "rea")
        var reader = instance.anonymous
        reader.key = try instance.key("media:read")
        #expect(try reader.get("/v1/media/\(record.id)/versions").json["versions"]?.array?.count == 1)
        try replace(record.id, bytes("x"), by: reader).expectProblem(403, "forbidden")
    }

    @Test("twenty at once: each becomes a version, whole", arguments: ["true", "false"])
    func concurrent(isPublic: String) throws {
        let record = try upload("concurrent \(isPublic)", user: "con \(isPublic)", "isPublic=\(isPublic)")
        let id = record.id
        let statuses = Statuses.of(20) {
            try replace(id, Samples.mp4("concurrent \(isPublic) \($0)", size: 1000)).status
        }
        #expect(statuses.allSatisfy { $0 == 200 })
        #expect(try client.get("/v1/media/\(id)").json["version"] == .integer(21))
        #expect(try versions(id).count == 3)
        try purge()
        #expect(try StoreInvariants.violations(instance) == [])
    }
}
