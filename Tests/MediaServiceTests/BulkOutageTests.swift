import Glibc
import MediaCore
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

/// `POST /v1/media/bulk` where not everything can be done.
struct BulkOutageTests {
    private func update(_ id: String, _ title: String) -> String {
        #"{"op":"update","id":"\#(id)","changes":{"title":"\#(title)"}}"#
    }

    private func titled(_ connection: Connection) throws -> Int64 {
        try connection.query("SELECT COUNT(*) FROM media WHERE title IS NOT NULL") {
            (row) throws(MariaDBError) in try row.integer(0)
        }.first ?? 0
    }

    /// Sends operations on a thread of its own.
    ///
    /// - Returns: their results, once `meanwhile` and they have ended.
    private func bulk(_ client: HTTPClient, _ operations: [String], meanwhile: () throws -> Void) throws -> [JSON] {
        let results = Mutex<[JSON]>([])
        let done = ThreadGroup()
        done.start {
            let all = try? client.bulk(operations)
            results.withLock { $0 = all ?? [] }
        }
        try meanwhile()
        done.wait()
        return results.withLock { $0 }
    }

    @Test("MariaDB going away in the middle: the answer says what was done", arguments: [true, false])
    func outage(isKilled: Bool) throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(
            settings: ["MEDIA_DATABASE_TIMEOUT": "2", "MEDIA_DATABASE_CONNECT_TIMEOUT": "1"], mariaDB: server)
        let client = try instance.client()
        let ids = try (0..<200).map { try client.upload(Samples.text("\($0)"), name: "a.txt", user: "u").id }
        let watcher = instance.connection()
        let results = try bulk(client, (0..<1000).map { update(ids[$0 % 200], "\($0)") }) {
            let hasBegun = eventually { ((try? titled(watcher)) ?? 0) > 5 }
            #expect(hasBegun)
            if isKilled { server.kill() } else { try server.pause() }
        }
        if isKilled { try server.start() } else { server.resume() }
        #expect(results.count == 1000)
        let done = results.prefix { $0["status"] == .integer(200) }.count
        #expect((1..<999).contains(done))
        let codes = results.dropFirst(done).map { "\($0["status"]?.integer ?? 0) \($0["error"]?.text("code") ?? "")" }
        #expect(codes == ["503 outcome_unknown"] + Array(repeating: "503 unavailable", count: 999 - done))
        // The one in doubt apart, the records are what the results say.
        #expect(eventually { (0..<8).allSatisfy { _ in (try? client.get("/v1/media/\(ids[0])"))?.status == 200 } })
        for (index, id) in ids.enumerated() where index != done % 200 {
            let last = stride(from: index, to: done, by: 200).reversed().first.map { "\($0)" } ?? ""
            #expect(try client.get("/v1/media/\(id)").json.text("title") == last)
        }
    }

    @Test("what doesn't fit into the time of a request is not begun, and the answer says so")
    func time() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_API_TIMEOUT": "3"])
        let client = try instance.client()
        let ids = try (0..<3).map { try client.upload(Samples.text("\($0)"), name: "a.txt", user: "u").id }
        let results = try bulk(client, ids.map { update($0, "done") }) {
            let blocker = instance.connection()
            try blocker.transaction { connection in
                let id = try #require(MediaID(ids[1]))
                _ = try MediaRepository(connection).findForUpdate(id)
                #expect(try eventually { try client.get("/v1/media/\(ids[0])").json.text("title") == "done" })
                usleep(1_600_000)
            }
        }
        #expect(results.map { $0["status"]?.integer } == [200, 200, 503])
        #expect(results.last?["error"]?.text("code") == "unavailable")
        #expect(try client.get("/v1/media/\(ids[2])").json["title"] == .null)
    }
}
