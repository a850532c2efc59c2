import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// MariaDB is away or hangs.
@Suite(.serialized)
struct OutageTests {
    private static let shared = Result {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(
            settings: ["MEDIA_DATABASE_TIMEOUT": "1", "MEDIA_DATABASE_CONNECT_TIMEOUT": "1"], mariaDB: server)
        return (server, instance, try instance.client())
    }

    private let server: PrivateMariaDB
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let open: JSON
    private let hidden: JSON
    private let before: Leftovers

    init() throws {
        (server, instance, client) = try Self.shared.get()
        open = try client.upload(Samples.text("open"), name: "a.txt", user: "outage", query: "isPublic=true")
        hidden = try client.upload(Samples.text("hidden"), name: "a.txt", user: "outage")
        before = try Leftovers.count(instance)
    }

    /// Checks every kind of request during an outage.
    private func expectOutage(within seconds: Double) throws {
        let upload = HTTPClient.Body.bytes(Samples.text("outage"))
        let requests: [(String, () throws -> HTTPResponse)] = [
            ("list", { try client.get("/v1/media") }), ("record", { try client.get("/v1/media/\(hidden.id)") }),
            ("private file", { try client.get("/m/\(hidden.id)") }),
            ("upload", { try client.post("/v1/media?name=a.txt&userId=u", upload) }),
            ("change", { try client.patch("/v1/media/\(hidden.id)", #"{"isPublic":true}"#) }),
            ("deletion", { try client.delete("/v1/media/\(hidden.id)") }),
            (
                "form",
                { try client.post("/v1/media", .form([.file("f", name: "a", type: nil, [65]), .text("userId", "u")])) }
            ),
        ]
        for (name, request) in requests {
            var answer: HTTPResponse?
            let elapsed = try duration { answer = try request() }
            answer?.expectProblem(503, "unavailable", "\(name)")
            #expect((answer?["Retry-After"]).flatMap { Int($0) } ?? 0 > 0, "\(name)")
            #expect(elapsed < seconds, "\(name) took \(elapsed) s")
        }
        #expect(try instance.anonymous.get(open.text("url")).body == Samples.text("open"))
        #expect(try instance.anonymous.get("/healthz").status == 200)
        let ready = try instance.anonymous.get("/readyz")
        #expect(ready.status == 503 && ready["Retry-After"] != nil)
        #expect(ready.json["checks"]?.text("database") != "ok")
        #expect(ready.json["checks"]?.text("store") == "ok")
    }

    /// Checks that everything is as before, without a restart.
    private func expectRecovery() throws {
        // From every worker: each one that has just waited in vain asks MariaDB again after a second.
        #expect(
            eventually(within: 10) {
                (0..<8).allSatisfy { _ in (try? client.get("/v1/media/\(hidden.id)"))?.json == hidden }
            })
        #expect(try client.get("/m/\(hidden.id)").body == Samples.text("hidden"))
        #expect(try instance.anonymous.get("/readyz").status == 200)
        #expect(try eventually(within: 3) { try Leftovers.count(instance) == before })
        #expect(try Leftovers.count(instance) == before)
        #expect(try client.upload(Samples.text("after"), name: "a.txt", user: "outage").text("status") == "READY")
    }

    @Test("MariaDB stopped: 503 at once, public files still go out, and it recovers by itself")
    func stopped() throws {
        let workers = instance.workers
        server.stop()
        defer {
            #expect(throws: Never.self) {
                if (try? instance.connection().query("SELECT 1") { _ in }) == nil { try server.start() }
            }
        }
        try expectOutage(within: 2)
        try server.start()
        try expectRecovery()
        #expect(instance.workers == workers)
    }

    @Test("MariaDB hanging: 503 within the time limit, and it recovers by itself")
    func hanging() throws {
        let workers = instance.workers
        try server.pause()
        defer { server.resume() }
        try expectOutage(within: 3)
        server.resume()
        try expectRecovery()
        #expect(instance.workers == workers)
    }

    @Test("MariaDB killed: the same")
    func killed() throws {
        server.kill()
        try expectOutage(within: 2)
        try server.start()
        try expectRecovery()
    }
}
