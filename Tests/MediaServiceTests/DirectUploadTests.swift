import Foundation
import MediaCore
import MediaDatabase
import MediaStorage
import MediaTesting
import Testing

/// Files that go from their senders to the store.
struct DirectUploadTests {
    typealias HTTPClient = MediaTesting.HTTPClient

    private struct Service {
        let instance: ServiceInstance
        let client: HTTPClient
        let storage: any RemoteStorage
    }

    private func make(_ cloud: CloudServer) throws -> Service {
        let bucket = try cloud.makeBucket()
        let file = try StoreFile(
            [("cloud", cloud.storeDescription(bucket))],
            [
                .init(
                    "rules",
                    .array([.object([.init("store", .string("cloud")), .init("types", .array([.string("VIDEO")]))])]))
            ])
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_STORES_FILE": file.path, "MEDIA_JOB_PAUSE": "1", "MEDIA_HOUSEKEEPING_INTERVAL": "1",
                "MEDIA_STORE_CACHE_MAX_BYTES": "0",
            ],
            keepsHouse: true)
        return Service(instance: instance, client: try instance.client(), storage: try cloud.storage(bucket))
    }

    private func sha256(_ bytes: [UInt8]) throws -> String {
        try TemporaryFile.digest(bytes)
    }

    private func begin(_ service: Service, _ bytes: [UInt8], _ more: String = "", size: Int? = nil) throws -> JSON {
        let body =
            #"{"originalName":"film.mp4","type":"video/mp4","size":\#(size ?? bytes.count),"sha256":"\#(try sha256(bytes))","userId":"u"\#(more)}"#
        let answer = try service.client.json("POST", "/v1/uploads/direct", body)
        try #require(answer.status == 201, "\(answer.text)")
        return answer.json
    }

    /// Sends what an upload wants, as a browser would.
    ///
    /// - Returns: the store's answers.
    private func send(_ upload: JSON, _ bytes: [UInt8], skipping skipped: Int? = nil) throws -> [Int] {
        let client = try MediaStorage.HTTPClient()
        var statuses: [Int] = []
        for (index, request) in (upload["requests"]?.array ?? []).enumerated() where index != skipped {
            let start = Int(request["offset"]?.integer ?? 0)
            let length = Int(request["length"]?.integer ?? 0)
            let fields = (request["headers"]?.object ?? []).filter { $0.name != "Content-Length" }
                .map { MediaStorage.HTTPClient.Field($0.name, $0.value.string ?? "") }
            let part = Array(bytes[min(start, bytes.count)..<min(start + length, bytes.count)])
            let answer = try client.exchange(
                .init(request.text("method"), request.text("url"), fields: fields, body: .bytes(part)), limit: 1 << 20)
            statuses.append(answer.head.status)
        }
        return statuses
    }

    private func complete(_ service: Service, _ id: String) throws -> HTTPResponse {
        try service.client.post("/v1/uploads/direct/\(id)/complete", .none)
    }

    private func ended(_ service: Service, _ id: String) throws -> JSON {
        _ = eventually(within: 30) {
            ["FINISHED", "FAILED"].contains((try? service.client.get("/v1/uploads/direct/\(id)").json)?.text("status"))
        }
        return try service.client.get("/v1/uploads/direct/\(id)").json
    }

    private func found(_ storage: any Storage) throws -> Int {
        var count = 0
        for prefix in UInt8.min...UInt8.max { try storage.blobs(prefix) { _ in count += 1 } }
        return count
    }

    @Test(
        "a file that was put becomes a record once it is verified, and not before",
        arguments: [CloudServer.ceph, .swift, .gcs, .azure])
    func whole(cloud: CloudServer) throws {
        let service = try make(cloud)
        for size in [100_000, 70_000_000] {
            let bytes = Samples.mp4("direct \(cloud) \(size)", size: size)
            let upload = try begin(service, bytes, #","entityType":"course","entityId":"c1","title":"T""#)
            #expect(upload.text("status") == "PENDING")
            #expect(
                upload["requests"]?.array?.count
                    == (size > 1_000_000 && cloud != .gcs ? (cloud == .azure ? 67 : 14) : 1))
            try complete(service, upload.id).expectProblem(409)
            #expect(try send(upload, bytes).allSatisfy { (200..<300).contains($0) })
            #expect(try service.client.get("/v1/media?limit=1").json["total"] == .integer(size == 100_000 ? 0 : 1))
            #expect(try complete(service, upload.id).status == 202)
            #expect(try complete(service, upload.id).status == 202)
            let done = try ended(service, upload.id)
            try #require(done.text("status") == "FINISHED", "\(done.text)")
            let media = try service.client.get("/v1/media/\(done.text("mediaId"))").json
            #expect(media.text("sha256") == (try sha256(bytes)) && media.text("mimeType") == "video/mp4")
            #expect(media.text("title") == "T" && media.text("entityId") == "c1")
            #expect(try service.client.get("/m/\(media.id)").body == bytes)
            // The requests still hold; what was verified is no longer theirs to change.
            let other = Samples.mp4("another \(cloud) \(size)", size: size)
            _ = try? send(upload, other)
            #expect(try service.client.get("/m/\(media.id)").body == bytes)
            try service.instance.connection().transaction {
                try $0.execute("UPDATE blob_removals SET due_at = '2020-01-01'")
            }
            _ = eventually { (try? found(service.storage)) == (size == 100_000 ? 1 : 2) }
        }
        #expect(try found(service.storage) == 2)
        #expect(service.instance.folders.files("objects").isEmpty)
        _ = eventually { service.instance.folders.files("partial").isEmpty }
        #expect(service.instance.folders.files("partial").isEmpty && service.instance.folders.files("staging").isEmpty)
        let reconciled = try Command(
            ServiceFolders.mediad, ["reconcile", "--json"], environment: service.instance.environment)
        #expect(reconciled.status == 0, "\(reconciled.text)")
    }

    @Test(
        "what isn't what was said is refused, and nothing of it stays: other bytes, other type, fewer, more",
        arguments: [CloudServer.ceph, .azure])
    func refused(cloud: CloudServer) throws {
        let service = try make(cloud)
        let bytes = Samples.mp4("refused \(cloud)", size: 100_000)
        // Other bytes of the same length.
        let other = try begin(service, bytes)
        _ = try send(other, Samples.mp4("another \(cloud)", size: 100_000))
        #expect(try complete(service, other.id).status == 202)
        let failed = try ended(service, other.id)
        #expect(failed["failure"]?.text("code") == "digest_mismatch", "\(failed.text)")
        // A page that calls itself a film.
        let page = Samples.html("direct \(cloud)")
        let html = try begin(service, page)
        _ = try send(html, page)
        #expect(try complete(service, html.id).status == 202)
        #expect(try ended(service, html.id)["failure"]?.text("code") == "unsupported_media_type")
        // Fewer, and more than was said.
        let fewer = try begin(service, bytes)
        _ = try send(fewer, Array(bytes.prefix(50_000)))
        try complete(service, fewer.id).expectProblem(409)
        #expect(try service.client.delete("/v1/uploads/direct/\(fewer.id)").status == 204)
        // A part that is missing.
        let large = Samples.mp4("large \(cloud)", size: 70_000_000)
        let parts = try begin(service, large)
        _ = try send(parts, large, skipping: 3)
        try complete(service, parts.id).expectProblem(409)
        #expect(try send(parts, large).allSatisfy { (200..<300).contains($0) })
        #expect(try complete(service, parts.id).status == 202)
        #expect(try ended(service, parts.id).text("status") == "FINISHED")
        #expect(eventually { (try? found(service.storage)) == 1 })
        #expect(try service.client.get("/v1/media?limit=1").json["total"] == .integer(1))
    }

    @Test("an upload that is abandoned is collected with what it has put; the same content meanwhile stays")
    func abandoned() throws {
        let service = try make(.ceph)
        let bytes = Samples.mp4("abandoned", size: 200_000)
        let upload = try begin(service, bytes)
        _ = try send(upload, bytes)
        let kept = try service.client.upload(bytes, name: "a.mp4", user: "u")
        #expect(try found(service.storage) == 2)
        try service.instance.connection().transaction {
            try $0.execute("UPDATE resumable_uploads SET expires_at = '2020-01-01'")
        }
        #expect(eventually { (try? found(service.storage)) == 1 })
        #expect(try service.client.get("/m/\(kept.id)").body == bytes)
        try service.client.get("/v1/uploads/direct/\(upload.id)").expectProblem(404)
        // Brought directly as well, it is there once: what lies there first counts.
        let again = try begin(service, bytes)
        _ = try send(again, bytes)
        _ = try complete(service, again.id)
        #expect(try ended(service, again.id).text("status") == "FINISHED")
        #expect(eventually { (try? found(service.storage)) == 1 })
    }

    @Test("wrong orders are refused")
    func wrong() throws {
        let service = try make(.azure)
        let hash = String(repeating: "ab", count: 32)
        for (body, field) in [
            (#"{"size":1,"sha256":"\#(hash)","userId":"u"}"#, "originalName"),
            (#"{"originalName":"a.mp4","sha256":"\#(hash)","userId":"u"}"#, "size"),
            (#"{"originalName":"a.mp4","size":0,"sha256":"\#(hash)","userId":"u"}"#, "size"),
            (#"{"originalName":"a.mp4","size":1,"sha256":"abc","userId":"u"}"#, "sha256"),
            (#"{"originalName":"a.mp4","size":1,"sha256":"\#(hash)"}"#, "userId"),
        ] {
            let problem = try service.client.json("POST", "/v1/uploads/direct", body)
            problem.expectProblem(400)
            #expect(problem.text.contains("\"field\":\"\(field)\""), "\(problem.text)")
        }
        let local = #"{"originalName":"a.pdf","size":1,"sha256":"\#(hash)","userId":"u"}"#
        try service.client.json("POST", "/v1/uploads/direct", local).expectProblem(409)
        let large = #"{"originalName":"a.mp4","size":6000000000,"sha256":"\#(hash)","userId":"u"}"#
        try service.client.json("POST", "/v1/uploads/direct", large).expectProblem(413)
        try service.instance.anonymous.json("POST", "/v1/uploads/direct", local).expectProblem(401)
    }
}

/// Bytes as a file has them.
enum TemporaryFile {
    static func digest(_ bytes: [UInt8]) throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.file("file", bytes)
        return String(try Command.run("sha256sum", [path]).prefix(64))
    }
}
