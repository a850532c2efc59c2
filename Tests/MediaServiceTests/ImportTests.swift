import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Files that the service fetches from a URL.
struct ImportTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(
            settings: [
                "MEDIA_IMPORT_NETWORKS": "127.0.0.1", "MEDIA_JOB_PAUSE": "1", "MEDIA_JOB_ATTEMPTS": "2",
                "MEDIA_IMPORT_STALL": "2",
                "MEDIA_USER_MAX_BYTES": "20M", "MEDIA_JOBS_PER_USER": "10",
            ], keepsHouse: true)
        client = try instance.client()
    }

    private static func text(_ salt: String, _ size: Int) -> [UInt8] {
        let line = Array("\(salt) 0123456789 abcdefghijklmnopqrstuvwxyz\n".utf8)
        return Array(repeating: line, count: size / line.count + 1).flatMap(\.self).prefix(size).map(\.self)
    }

    private func begin(_ url: String, _ more: String = "") throws -> JSON {
        let answer = try client.json("POST", "/v1/imports", #"{"url":"\#(url)","userId":"importer"\#(more)}"#)
        try #require(answer.status == 202, "\(answer.text)")
        return answer.json
    }

    /// Begins an import whose worker is killed in the middle.
    private func beginAndKill(_ server: FileServer) throws -> JSON {
        let begun = try begin(server.url("slow=1000000"))
        #expect(eventually { server.requests.count == 1 })
        usleep(1_200_000)
        instance.housekeeper?.stop(SIGKILL)
        return begun
    }

    private func state(_ id: String) throws -> JSON { try client.get("/v1/imports/\(id)").json }

    /// How an import has ended.
    private func end(_ id: String, within seconds: Double = 30) throws -> JSON {
        _ = eventually(within: seconds) { ["FINISHED", "FAILED"].contains((try? state(id))?.text("status")) }
        return try state(id)
    }

    private func imported(_ url: String, within seconds: Double = 30) throws -> JSON {
        let ended = try end(try begin(url).id, within: seconds)
        return try client.get("/v1/media/\(ended.text("mediaId"))").json
    }

    private func content(_ media: JSON) throws -> [UInt8] { try client.get("/m/\(media.id)").body }

    private func reason(_ url: String, within seconds: Double = 30) throws -> String {
        let ended = try end(try begin(url).id, within: seconds)
        return (ended["failure"]?.text("code") ?? "") + ": " + (ended["failure"]?.text("detail") ?? "")
    }

    @Test("a file is fetched with what is said of it; through redirects, without a length, after an answer of 503")
    func whole() throws {
        let bytes = Self.text("whole", 300_000)
        let server = try FileServer(bytes)
        let begun = try begin(
            server.url(),
            #","entityType":"course","entityId":"c1","isPublic":true,"title":"Imported","metadata":{"a":1}"#)
        #expect(begun.text("status") == "WAITING" && begun.text("originalName") == "a file.txt")
        let ended = try end(begun.id)
        #expect(ended.text("status") == "FINISHED" && ended["received"] == .integer(300_000))
        let media = try client.get("/v1/media/\(ended.text("mediaId"))").json
        #expect(media.text("title") == "Imported" && media.text("entityId") == "c1" && media["isPublic"] == .bool(true))
        #expect(media.text("originalName") == "a file.txt" && media["metadata"]?["a"] == .integer(1))
        #expect(try content(media) == bytes)
        for query in ["to=\(server.url("to=/b"))", "chunked", "status=503&once", "notag&chunked"] {
            #expect(try content(imported(server.url(query))) == bytes, "\(query)")
        }
        #expect(try client.get("/v1/uploads/\(begun.id)").status == 404)
        #expect(
            try client.send("HEAD", "/v1/uploads/\(begun.id)", headers: ["Tus-Resumable": "1.0.0"], .none).status == 404
        )
    }

    @Test("after a break only the rest is fetched; all of it where the file has changed or its server knows no ranges")
    func breaks() throws {
        let bytes = Self.text("breaks", 2_500_000)
        let server = try FileServer(bytes)
        #expect(try content(imported(server.url("cut=1000000"), within: 60)) == bytes)
        #expect(server.requests.map { $0.text("range") } == ["", "bytes=1000000-", "bytes=2000000-"])
        #expect(server.requests[1].text("ifRange") == "\"1\"")
        // The last of them, all of whose answers end too early, can't be had at all.
        for query in ["cut=1000000&new", "cut=1000000&norange", "cut=1000000&notag"] {
            let path = server.url(query)
            #expect(try reason(path, within: 60).hasPrefix("import_failed: The file's server:"), "\(query)")
            let requests = server.requests.filter { path.hasSuffix($0.text("path")) }
            #expect(requests.count == 3, "\(query) \(requests.map(\.text))")
            #expect(requests[1].text("range") == (query.contains("notag") ? "" : "bytes=1000000-"))
        }
    }

    @Test("its worker killed in the middle, another one goes on")
    func killed() throws {
        let bytes = Self.text("killed", 3_000_000)
        let server = try FileServer(bytes)
        let begun = try beginAndKill(server)
        try instance.startHousekeeper()
        let ended = try end(begun.id)
        #expect(ended.text("status") == "FINISHED")
        #expect(try content(try client.get("/v1/media/\(ended.text("mediaId"))").json) == bytes)
        // Bytes that came before were not fetched again.
        let last = try #require(server.requests.last)
        #expect(last.text("range").hasPrefix("bytes=") && last.text("range") != "bytes=0-")
    }

    @Test("its host is lost with the disk: another one begins anew")
    func lostHost() throws {
        let bytes = Self.text("lost host", 3_000_000)
        let server = try FileServer(bytes)
        let begun = try beginAndKill(server)
        try FileManager.default.removeItem(atPath: "\(instance.folders.store)/partial/\(begun.id)")
        try instance.startHousekeeper()
        let ended = try end(begun.id)
        #expect(ended.text("status") == "FINISHED", "\(ended.text)")
        #expect(try content(try client.get("/v1/media/\(ended.text("mediaId"))").json) == bytes)
    }

    @Test("mediad work ends in time, and its import is gone on with")
    func terminated() throws {
        let bytes = Self.text("terminated", 3_000_000)
        let server = try FileServer(bytes)
        let begun = try begin(server.url("slow=1000000"))
        #expect(eventually { server.requests.count == 1 })
        usleep(500_000)
        instance.housekeeper?.stop(SIGTERM, within: 8)
        let waiting = try state(begun.id)
        #expect(waiting.text("status") == "WAITING" && waiting["attempts"] == .integer(0))
        try instance.startHousekeeper()
        #expect(try end(begun.id).text("status") == "FINISHED")
    }

    @Test("an import that is ended is gone, also while it runs; one that failed is tried once more by hand")
    func ended() throws {
        let server = try FileServer(Self.text("ended", 3_000_000))
        let begun = try begin(server.url("slow=300000"))
        #expect(eventually { (try? state(begun.id))?.text("status") == "RECEIVING" })
        #expect(try client.delete("/v1/imports/\(begun.id)").status == 204)
        #expect(try client.get("/v1/imports/\(begun.id)").status == 404)
        #expect(eventually { (try? instance.mediad("jobs", "list"))?.contains("CANCELLED") ?? false })
        let failed = try begin(server.url("status=404&once"))
        #expect(try end(failed.id).text("status") == "FAILED")
        try instance.mediad("jobs", "retry", failed.id)
        #expect(eventually(within: 15) { (try? state(failed.id))?.text("status") == "FINISHED" })
        let partials = try FileManager.default.contentsOfDirectory(atPath: "\(instance.folders.store)/partial")
        #expect(partials.isEmpty)
    }

    @Test("what can't become a file says why, and leaves nothing")
    func failures() throws {
        let server = try FileServer(Self.text("failures", 100_000))
        let reasons = [
            "status=404": "import_failed: The file's server answers 404.",
            "gzip": "import_failed: The file's server sends it encoded (gzip).",
            "to=ftp://127.0.0.1/": "import_failed: The URL can't be fetched: Unsupported protocol.",
            "loop": "import_failed: The URL can't be fetched: Number of redirects hit maximum amount.",
            "status=500": "import_failed: The file's server answers 500.",
        ]
        for (query, reason) in reasons {
            let found = try self.reason(server.url(query))
            #expect(found == reason, "\(query)")
        }
        let large = try FileServer(Self.text("large", 21 << 20))
        for query in ["", "chunked"] {
            let reason = try reason(large.url(query))
            #expect(reason.contains("of which 20971520 are allowed") || reason.contains("quota"), "\(reason)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(instance.folders.store)/partial")
        #expect(left.isEmpty)
    }

    @Test("wrong orders are refused")
    func refused() throws {
        for (body, field) in [
            (#"{"userId":"u"}"#, "url"), (#"{"userId":"u","url":"file:///etc/passwd"}"#, "url"),
            (#"{"userId":"u","url":"http://user:password@example.org/"}"#, "url"),
            (#"{"url":"http://example.org/a"}"#, "userId"),
            (#"{"userId":"u","url":"http://example.org/a","originalName":"a/b"}"#, "originalName"),
            (#"{"userId":"u","url":"http://example.org/a","more":1}"#, "more"),
        ] {
            let problem = try client.json("POST", "/v1/imports", body)
            problem.expectProblem(400)
            #expect(problem.text.contains("\"field\":\"\(field)\""), "\(problem.text)")
        }
        try instance.anonymous.json("POST", "/v1/imports", #"{"userId":"u","url":"http://example.org/a"}"#)
            .expectProblem(401)
        try client.get("/v1/imports/c000000000000000000000000").expectProblem(404)
        let key = try instance.key("media:read")
        var reader = instance.anonymous
        reader.key = key
        try reader.json("POST", "/v1/imports", #"{"userId":"u","url":"http://example.org/a"}"#).expectProblem(403)
    }
}
