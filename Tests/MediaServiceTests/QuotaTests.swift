import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// How much files may take.
@Suite(.serialized) struct QuotaTests {
    private func file(_ name: String, _ size: Int = 1000) -> [UInt8] { Samples.mp4(name, size: size) }

    private func post(_ client: HTTPClient, _ user: String, _ bytes: [UInt8]) throws -> HTTPResponse {
        try client.post("/v1/media?name=a.mp4&userId=\(user)", .bytes(bytes))
    }

    @Test("a user's bytes and files, exact also for many at once, free again when files are gone for good")
    func user() throws {
        let instance = try ServiceInstance(settings: [
            "MEDIA_USER_MAX_BYTES": "10500", "MEDIA_USER_MAX_FILES": "12", "MEDIA_JWT_SECRET": TestIssuer.secret,
        ])
        let client = try instance.client()
        let statuses = Statuses.of(30) { try post(client, "ann", file("\($0)")).status }
        #expect(statuses.filter { $0 == 201 }.count == 10 && statuses.filter { $0 == 413 }.count == 20)
        let usage = try client.get("/v1/users/ann/usage").json
        #expect(usage["bytes"] == .integer(10000) && usage["files"] == .integer(10))
        #expect(usage["maxBytes"] == .integer(10500) && usage["maxFiles"] == .integer(12))
        let refused = try post(client, "ann", file("more"))
        refused.expectProblem(413, "quota_exceeded")
        #expect(refused.json.text("detail").contains("11000 bytes, of which 10500 are allowed"))
        // Somebody else has room of their own.
        #expect(try post(client, "bob", file("bob", 500)).status == 201)
        let ids = try client.get("/v1/users/ann/media?limit=20").json.ids
        #expect(try client.delete("/v1/media/\(ids[0])").status == 200)
        // It can be restored, so it counts.
        try post(client, "ann", file("again")).expectProblem(413, "quota_exceeded")
        #expect(try client.delete("/v1/media/\(ids[0])?hard=true").status == 200)
        #expect(try post(client, "ann", file("again", 200)).status == 201)
        // The number of files.
        #expect(try (0..<4).map { try post(client, "ann", file("small \($0)", 100)).status } == [201, 201, 413, 413])
        #expect(try StoreInvariants.violations(instance) == [])
        try ownUpload(instance)
    }

    /// A user is told before the body is sent.
    private func ownUpload(_ instance: ServiceInstance) throws {
        var client = instance.anonymous
        client.key = try TestIssuer().token("ann")
        let connection = try RawConnection(port: instance.port)
        try connection.send(
            "POST /v1/media?name=a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(client.key ?? "")\r\n"
                + "Content-Length: 1000000\r\n\r\n")
        #expect(String(decoding: connection.readSome(), as: UTF8.self).contains(" 413 "))
        #expect(try client.get("/v1/users/ann/usage").status == 200)
        try client.get("/v1/users/bob/usage").expectProblem(403, "forbidden")
    }

    private func restart(_ instance: ServiceInstance) throws {
        instance.supervisor?.stop(SIGTERM)
        try instance.startWorkers()
        try instance.waitUntilReady()
    }

    @Test("another spelling of a user's id has no room of its own")
    func lookalike() throws {
        let instance = try ServiceInstance(settings: [
            "MEDIA_JWT_SECRET": TestIssuer.secret, "MEDIA_USER_MAX_FILES": "1",
        ])
        var user = instance.anonymous
        user.key = try TestIssuer().token("K1")
        try user.post("/v1/media?name=a.txt&userId=%E2%84%AA1", .text("more text")).expectProblem(403, "forbidden")
        #expect(try user.post("/v1/media?name=a.txt", .text("a text")).status == 201)
        try user.post("/v1/media?name=a.txt", .text("more text")).expectProblem(413, "quota_exceeded")
        var other = instance.anonymous
        other.key = try TestIssuer().token("\u{212A}1")
        #expect(try other.get("/v1/users/%E2%84%AA1/usage").json["files"] == .integer(0))
        try other.get("/v1/users/K1/usage").expectProblem(403)
    }

    @Test("all files together")
    func total() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_WORKERS": "2"])
        let client = try instance.client()
        #expect(try post(client, "a", file("before", 3000)).status == 201)
        try instance.change(settings: ["MEDIA_TOTAL_MAX_BYTES": "10000"])
        try restart(instance)
        try post(client, "b", file("big", 20000)).expectProblem(507, "total_quota_exceeded")
        let statuses = Statuses.of(20) { try post(client, "u\($0)", file("\($0)")).status }
        #expect(statuses.filter { $0 == 201 }.count == 7 && statuses.filter { $0 == 507 }.count == 13, "\(statuses)")
        let refused = try post(client, "c", file("more"))
        refused.expectProblem(507, "total_quota_exceeded")
        #expect(refused.json.text("detail").contains("11000 bytes, of which 10000 are allowed"))
        // While the sum has no limit it isn't kept; once it has one again it is right again.
        try instance.change(settings: [:])
        try instance.mediad("work", "--once")
        try restart(instance)
        #expect(try post(client, "d", file("unlimited")).status == 201)
        try instance.change(settings: ["MEDIA_TOTAL_MAX_FILES": "9"])
        try restart(instance)
        let tenth = try post(client, "e", file("ten"))
        tenth.expectProblem(507, "total_quota_exceeded")
        #expect(tenth.json.text("detail").contains("10 files, of which 9 are allowed"))
        #expect(try StoreInvariants.violations(instance) == [])
    }
}
