import Glibc
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// How long answers are kept, and how long they may be.
struct IdempotencyLimitTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_IDEMPOTENCY_TTL": "3"])
        client = try instance.client()
    }

    private func post(_ path: String, _ body: HTTPClient.Body, key: String?) throws -> HTTPResponse {
        var headers = ["Content-Type": "application/json"]
        if case .form = body { headers = [:] }
        if let key { headers["Idempotency-Key"] = key }
        return try client.post(path, headers: headers, body)
    }

    private func number(_ table: String) throws -> Int64? {
        try instance.connection().query("SELECT COUNT(*) FROM \(table)") { (row) throws(MariaDBError) in
            try row.integer(0)
        }.first
    }

    @Test("an answer is given again until its time is over; housekeeping removes it")
    func expiry() throws {
        let path = "/v1/media?name=a.txt&userId=u"
        func upload() throws -> HTTPResponse {
            try client.post(path, headers: ["Idempotency-Key": "k"], .bytes(Samples.text("expiry")))
        }
        let first = try upload()
        #expect(try first.status == 201 && upload().json.id == first.json.id)
        try instance.mediad("work", "--once")
        #expect(try number("idempotency_keys") == 1)
        usleep(3_100_000)
        let second = try upload()
        #expect(second.status == 201 && second.json.id != first.json.id && second["Idempotency-Replayed"] == nil)
        usleep(3_100_000)
        try instance.mediad("work", "--once")
        #expect(try number("idempotency_keys") == 0)
    }

    @Test("links whose answer is too long to be kept are not made")
    func longLinks() throws {
        let id = try client.upload(Samples.text("long links"), name: "a.txt", user: "u").id
        let name = String(repeating: "ü", count: 240)
        let items = (0..<1000).map {
            #"{"mediaId":"\#(id)","expiresIn":600,"subject":"\#($0)","downloadName":"\#(name)"}"#
        }
        let body = HTTPClient.Body.text(#"{"links":[\#(items.joined(separator: ","))]}"#)
        try post("/v1/links", body, key: "k").expectProblem(413, "answer_too_long")
        #expect(try number("signed_links") == 0)
        #expect(try number("idempotency_keys") == 0)
        #expect(try post("/v1/links", body, key: nil).status == 201)
    }

    @Test("an upload whose answer is too long to be kept leaves nothing")
    func longUpload() throws {
        let metadata = #"{"a":"\#(String(repeating: "x", count: 60000))"}"#
        let form = HTTPClient.Body.form(
            [.text("userId", "u"), .text("metadata", metadata)]
                + (0..<20).map { .file("f\($0)", name: "a.txt", type: nil, Samples.text("long \($0)")) })
        try post("/v1/media", form, key: "k").expectProblem(413, "answer_too_long")
        try Leftovers.expectNothing(instance)
        #expect(try post("/v1/media", form, key: nil).status == 201)
    }

    @Test("operations whose answer is too long are done, and answered again without the records")
    func longBulk() throws {
        let metadata = #"{"a":"\#(String(repeating: "x", count: 60000))"}"#
        let id = try client.upload(Samples.text("long bulk"), name: "a.txt", user: "u").id
        #expect(try client.patch("/v1/media/\(id)", #"{"metadata":\#(metadata)}"#).status == 200)
        let items = (0..<20).map { #"{"op":"update","id":"\#(id)","changes":{"title":"\#($0)"}}"# }
        let first = try client.bulk(items, headers: ["Idempotency-Key": "k"])
        #expect(first.count == 20 && first.allSatisfy { $0["media"] != nil })
        let second = try client.bulk(items, headers: ["Idempotency-Key": "k"])
        #expect(second.allSatisfy { $0["media"] == nil && $0["status"] == .integer(200) })
        #expect(second.map { $0.text("etag") } == first.map { $0.text("etag") })
        #expect(second.map(\.id) == first.map(\.id))
    }

    @Test("operations that weren't all done are done by a second try under the same key")
    func unfinishedBulk() throws {
        try instance.change(settings: ["MEDIA_API_TIMEOUT": "3"])
        let old = instance.workers
        instance.supervisor?.stop(SIGKILL)
        // They end with their supervisor, though not at once, and would take the upload with them.
        #expect(eventually { !old.contains(where: ProcessTable.isRunning) })
        try instance.startWorkers()
        try instance.waitUntilReady()
        let ids = try (0..<2).map { try client.upload(Samples.text("\($0)"), name: "a.txt", user: "u").id }
        let items = ids.map { #"{"op":"update","id":"\#($0)","changes":{"title":"x"}}"# }
        let blocker = instance.connection()
        let done = ThreadGroup()
        try blocker.transaction { connection in
            _ = try MediaRepository(connection).findForUpdate(try #require(MediaID(ids[0])))
            done.start { [client] in
                let results = try? client.bulk(items, headers: ["Idempotency-Key": "k"])
                #expect(results?.map { $0["status"]?.integer } == [200, 503])
            }
            usleep(1_800_000)
        }
        done.wait()
        let again = try client.bulk(items, headers: ["Idempotency-Key": "k"])
        #expect(again.map { $0["status"]?.integer } == [200, 200])
    }
}
