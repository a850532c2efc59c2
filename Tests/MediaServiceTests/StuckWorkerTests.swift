import MediaTesting
import Testing

/// Requests that run beyond their limit.
struct StuckWorkerTests {
    @Test("a worker whose request is stuck is replaced, and others are served meanwhile")
    func stuckWorker() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(
            settings: ["MEDIA_API_TIMEOUT": "1", "MEDIA_DATABASE_TIMEOUT": "20", "MEDIA_DRAIN_TIMEOUT": "2"],
            mariaDB: server)
        let client = try instance.client()
        #expect(eventually { instance.workers.count == 2 })
        let old = instance.workers
        #expect(try client.get("/v1/media").status == 200)
        try server.pause()
        defer { server.resume() }
        let done = ThreadGroup()
        for _ in 0..<4 { done.start { _ = try? client.get("/v1/media") } }
        #expect(eventually(within: 15) { Set(instance.workers) != Set(old) })
        #expect(instance.folders.log("serve.log").contains("request is stuck"))
        #expect(try client.get("/healthz").status == 200)
        server.resume()
        done.wait()
        #expect(eventually(within: 15) { instance.workers.count == 2 })
        // A worker that has just waited in vain asks MariaDB again after a second.
        #expect(eventually { (try? client.get("/v1/media"))?.status == 200 })
        #expect(try !client.get("/metrics").text.contains("media_requests_stuck_total 0"))
    }
}
