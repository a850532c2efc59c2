import Foundation
import MediaCore
import MediaDatabase
import MediaStorage
import MediaTesting
import Synchronization
import Testing

/// Files that are brought from store to store, second copies, and what has come apart in stores elsewhere.
struct StoreMoveTests {
    typealias HTTPClient = MediaTesting.HTTPClient

    private let instance: ServiceInstance
    private let client: HTTPClient
    private let ceph: any RemoteStorage
    private let azure: any RemoteStorage
    private let file: StoreFile
    private let stores: [(name: String, json: JSON)]

    init() throws {
        let (one, two) = (try CloudServer.ceph.makeBucket(), try CloudServer.azure.makeBucket())
        stores = [
            ("ceph", try CloudServer.ceph.storeDescription(one)),
            ("azure", try CloudServer.azure.storeDescription(two)),
        ]
        file = try StoreFile(stores)
        (ceph, azure) = (try CloudServer.ceph.storage(one), try CloudServer.azure.storage(two))
        instance = try ServiceInstance(settings: ["MEDIA_STORES_FILE": file.path, "MEDIA_STORE_CACHE_MAX_BYTES": "0"])
        client = try instance.client()
    }

    private func mediad(_ arguments: String...) throws -> (status: Int32, lines: [JSON]) {
        let command = try Command(ServiceFolders.mediad, arguments, environment: instance.environment)
        let lines = command.text.split(separator: "\n").compactMap { try? JSONParser.parse(Array($0.utf8)) }
        return (command.status, lines.isEmpty ? [.string(command.text + command.errors)] : lines)
    }

    private func found(_ storage: any Storage) throws -> [String] {
        var names: [String] = []
        for prefix in UInt8.min...UInt8.max { try storage.blobs(prefix) { names.append($0.name) } }
        return names
    }

    private func places() throws -> [String] {
        try instance.connection().query(
            "SELECT CONCAT(store, ':', COALESCE(replica_store, '')) FROM blobs ORDER BY 1"
        ) { (row) throws(MariaDBError) in try row.text(0) }
    }

    private func expectReadable(_ all: [(media: JSON, bytes: [UInt8])]) throws {
        for (media, bytes) in all {
            #expect(try client.get("/m/\(media.id)").body == bytes)
            guard media["isPublic"] == .bool(true) else { continue }
            let path = String(media.text("url").dropFirst(instance.baseURL.count))
            #expect(try instance.anonymous.get(path).body == bytes)
        }
    }

    private func uploads(_ count: Int) throws -> [(media: JSON, bytes: [UInt8])] {
        try (0..<count).map { index in
            let bytes = Samples.mp4("move \(index)", size: index == 0 ? 12_000_000 : 3000)
            let media = try client.upload(
                bytes, name: "a.mp4", user: "u", query: index % 2 == 0 ? "isPublic=true" : "")
            return (media, bytes)
        }
    }

    @Test("files move from store to store and back while they are read and uploaded; each reads as before")
    func moves() throws {
        let all = try uploads(20)
        #expect(
            try mediad("move", "--from", "local", "--to", "ceph", "--dry-run", "--json").lines[0]["blobs"]
                == .integer(20))
        #expect(try places() == Array(repeating: "local:", count: 20))
        for (from, to) in [("local", "ceph"), ("ceph", "azure"), ("azure", "local")] {
            let isDone = DispatchSemaphore(value: 0)
            let (client, id) = (client, all[0].media.id)
            let expected = all[0].bytes
            let readers = ThreadGroup()
            readers.start {
                while isDone.wait(timeout: .now()) == .timedOut {
                    let answer = try? client.get("/m/\(id)")
                    if answer?.body != expected { Issue.record("\(from) \(to): \(answer?.status ?? 0)") }
                }
            }
            let moved = try mediad("move", "--from", from, "--to", to, "--json", "--threads", "4")
            isDone.signal()
            readers.wait()
            #expect(moved.status == 0 && moved.lines.last?["blobs"] == .integer(20), "\(moved.lines.map(\.text))")
            #expect(try places() == Array(repeating: "\(to):", count: 20))
            try expectReadable(all)
            #expect(instance.folders.files("objects").count == (to == "local" ? 20 : 0))
            #expect(instance.folders.files("public").count == (to == "local" ? 10 : 0))
            let checked = try mediad("reconcile", "--json")
            #expect(checked.status == 0, "\(checked.lines.map(\.text))")
        }
        #expect(try found(ceph).count == 20 && found(azure).count == 20)
        try instance.connection().transaction { try $0.execute("UPDATE blob_removals SET due_at = '2020-01-01'") }
        try instance.mediad("work", "--once")
        #expect(try found(ceph).isEmpty && found(azure).isEmpty)
        #expect(try mediad("move", "--from", "local", "--to", "nowhere").status != 0)
    }

    @Test("killed in the middle, moving goes on where it was; nothing is lost and nothing is left")
    func killed() throws {
        let all = try uploads(40)
        for seconds in [0.3, 0.6] {
            let process = try ChildProcess(
                ServiceFolders.mediad, ["move", "--from", "local", "--to", "ceph", "--threads", "4", "--rate", "20M"],
                environment: instance.environment, output: "\(instance.folders.state)/log/move.log")
            usleep(UInt32(seconds * 1_000_000))
            process.stop(SIGKILL)
            try expectReadable(all)
        }
        #expect(try mediad("move", "--from", "local", "--to", "ceph", "--json").status == 0)
        try expectReadable(all)
        try instance.change(settings: ["MEDIA_UPLOAD_GRACE": "1"])
        // What lies in staging/ is as old as the last change of its names, which the first of the two makes.
        for _ in 1...2 {
            sleep(2)
            try instance.mediad("work", "--once")
        }
        #expect(try found(ceph).count == 40)
        #expect(instance.folders.files("objects").isEmpty && instance.folders.files("staging").isEmpty)
    }

    @Test(
        "each content has a second copy, which is read where the first can't be, and from which scrub mends the other")
    func replicas() throws {
        try file.write(stores, [.init("default", .string("ceph")), .init("replica", .string("azure"))])
        instance.supervisor?.send(SIGHUP)
        let all = try uploads(4)
        try instance.startHousekeeper()
        #expect(eventually(within: 30) { (try? places()) == Array(repeating: "ceph:azure", count: 4) })
        instance.housekeeper?.stop(SIGTERM)
        #expect(try found(azure).count == 4 && found(ceph).count == 4)
        // One is lost, one has changed in the first store; one has changed in the second.
        let names = try found(ceph)
        let keys = try names.map { try #require(BlobKey(name: $0)) }
        try ceph.remove(keys[0])
        try damage(keys[1], in: ceph)
        let seconds = try found(azure).map { try #require(BlobKey(name: $0)) }
        let third = try #require(seconds.first { $0.sha256 == keys[2].sha256 })
        try damage(third, in: azure)
        let lost = try #require(all.first { $0.media.text("sha256") == keys[0].sha256 })
        try expectFromReplica(lost)
        try instance.change(settings: ["MEDIA_DECISION_CACHE": "5"])
        try instance.mediad("nginx", "\(instance.folders.state)/nginx/media/instance")
        instance.supervisor?.send(SIGHUP)
        instance.nginx?.send(SIGHUP)
        sleep(3)
        try expectFromReplica(lost)
        #expect(try mediad("reconcile", "--json").lines.contains { $0.text("kind") == "lost_blob" })
        let dry = try mediad("scrub", "--dry-run", "--json", "--rate", "1G")
        #expect(dry.status == 1 && dry.lines.last?["changed"] == .integer(3), "\(dry.lines.map(\.text))")
        let mended = try mediad("scrub", "--json", "--rate", "1G")
        #expect(mended.status == 0 && mended.lines.last?["repaired"] == .integer(3), "\(mended.lines.map(\.text))")
        try instance.mediad("work", "--once")
        let again = try mediad("scrub", "--json", "--rate", "1G")
        #expect(again.status == 0 && again.lines.last?["repaired"] == .integer(0), "\(again.lines.map(\.text))")
        #expect(try mediad("reconcile", "--json").status == 0)
        try expectReadable(all)
        // Moving to where the second copy is takes it.
        #expect(try mediad("move", "--from", "ceph", "--to", "azure", "--json").lines.last?["blobs"] == .integer(4))
        #expect(try places() == Array(repeating: "azure:", count: 4))
        try expectReadable(all)
        for (media, _) in all { #expect(try client.delete("/v1/media/\(media.id)?hard=true").status == 200) }
    }

    @Test(
        "a store that is lost in the middle of a download: the answer ends early, and has no byte of the second copy's start"
    )
    func lostInTheMiddle() throws {
        try file.write(stores, [.init("default", .string("ceph")), .init("replica", .string("azure"))])
        instance.supervisor?.send(SIGHUP)
        sleep(2)
        // More than sockets and nginx hold on the way.
        let bytes = Samples.mp4("middle", size: 60_000_000)
        let media = try client.upload(bytes, name: "a.mp4", user: "u", query: "isPublic=true")
        try instance.startHousekeeper()
        #expect(eventually(within: 30) { (try? places()) == ["ceph:azure"] })
        let key = try #require(BlobKey(name: found(ceph)[0]))
        let folder = try TemporaryFolder()
        let (path, url) = ("\(folder.path)/body", "\(instance.baseURL)/m/\(media.id)")
        let status = Mutex<Int32?>(nil)
        let download = ThreadGroup()
        download.start {
            let command = try? Command("curl", ["-s", "-o", path, "--limit-rate", "10M", url])
            status.withLock { $0 = command?.status }
        }
        usleep(800_000)
        try ceph.remove(key)
        download.wait()
        let body = Array(try Data(contentsOf: URL(filePath: path)))
        #expect(status.withLock { $0 } != 0 && !body.isEmpty && body.count < bytes.count, "\(body.count)")
        #expect(body == Array(bytes.prefix(body.count)))
        #expect(try client.get("/m/\(media.id)").body == bytes)
    }

    private func expectFromReplica(_ lost: (media: JSON, bytes: [UInt8])) throws {
        var paths = ["/m/\(lost.media.id)"]
        if lost.media["isPublic"] == .bool(true) {
            paths.append(String(lost.media.text("url").dropFirst(instance.baseURL.count)))
        }
        for path in paths {
            let answer = try client.get(path)
            #expect(answer.status == 200 && answer.body == lost.bytes, "\(path) \(answer.status)")
            let names = answer.headers.map { $0.name.lowercased() }
            #expect(names.count == Set(names).count && answer["Content-Type"] == "video/mp4", "\(path) \(names)")
            #expect(answer["Cache-Control"] != nil && answer["Content-Disposition"] != nil)
            #expect(try client.get(path, headers: ["Range": "bytes=5-9"]).body == Array(lost.bytes[5...9]))
        }
    }

    /// Other bytes of the same length under the same key.
    private func damage(_ key: BlobKey, in storage: any RemoteStorage) throws {
        let size = try #require(try storage.size(of: key))
        let local = LocalStorage(root: instance.folders.store)
        let wrong = try local.stage([UInt8](repeating: 7, count: Int(size)), as: "wrong-\(UUID().uuidString)")
        try storage.remove(key)
        if storage.name == "ceph" {
            // It checks what its key says, so the request is signed for what the bytes are.
            let other = BlobKey(sha256: try wrong.digest().sha256, token: key.token)
            try storage.put(wrong, other)
            try copy(other, to: key)
            try storage.remove(other)
        } else {
            try storage.put(wrong, key)
        }
    }

    private func copy(_ source: BlobKey, to target: BlobKey) throws {
        let server = try CloudServer.ceph.server()
        let bucket = stores[0].json.text("bucket")
        let base = try #require(ObjectURL(base: server.endpoint))
        let url = base.appending("\(bucket)/media/\(target.name)")
        let fields = [MediaStorage.HTTPClient.Field("x-amz-copy-source", "/\(bucket)/media/\(source.name)")]
        let signed = SigV4(region: server.description.text("region")).fields(
            "PUT", url, fields: fields, payload: SigV4.unsignedPayload,
            .init(accessKey: CloudServer.accessKey, secretKey: CloudServer.secretKey), now: CloudServer.now())
        let answer = try MediaStorage.HTTPClient().exchange(
            .init("PUT", url.text, fields: fields + signed), limit: 4096)
        try #require(answer.head.status == 200)
    }

    @Test("what has come apart in a store elsewhere is found; orphans go, what is of others stays")
    func apart() throws {
        try file.write(stores, [.init("default", .string("ceph"))])
        instance.supervisor?.send(SIGHUP)
        _ = eventually { (try? uploads(1)) != nil && (try? places()) == ["ceph:"] }
        let local = LocalStorage(root: instance.folders.store)
        let orphan = try local.stage(Array("orphan".utf8), as: "orphan")
        try ceph.put(orphan, BlobKey(sha256: orphan.digest().sha256, token: String(repeating: "cd", count: 16)))
        let kept = try found(ceph).filter { !$0.hasSuffix("cdcd") }
        let reported = try mediad("reconcile", "--json")
        #expect(reported.status == 1 && reported.lines.filter { $0.text("kind") == "orphan_blob" }.count == 1)
        #expect(try mediad("reconcile", "--repair", "--json").status == 0)
        #expect(try found(ceph) == kept)
        try ceph.remove(#require(BlobKey(name: kept[0])))
        let lost = try mediad("reconcile", "--json")
        #expect(
            lost.status == 1
                && lost.lines.contains { $0.text("kind") == "lost_blob" && $0.text("subject") == "ceph/\(kept[0])" })
    }

    @Test("the doctor tries each store, and says what is missing")
    func doctor() throws {
        func stores(_ command: Command) throws -> [JSON] {
            try command.text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
                .filter { $0.text("subject").hasPrefix("store ") }
        }
        func run() throws -> [JSON] {
            try stores(Command(ServiceFolders.mediad, ["doctor", "--json"], environment: instance.environment))
        }
        let good = try run()
        #expect(good.map { $0.text("state") } == ["ok", "ok"], "\(good.map(\.text))")
        // Pages would need the buckets' leave.
        try instance.change(settings: ["MEDIA_CORS_ORIGINS": "https://learn.example.org"])
        let pages = try run()
        #expect(
            pages.contains { $0.text("state") == "warning" && $0.text("text").contains("https://learn.example.org") })
        try instance.change(settings: [:])
        func states(of subject: String) throws -> [String] {
            let said = try Command(ServiceFolders.mediad, ["doctor", "--json"], environment: instance.environment)
            return try said.text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
                .filter { $0.text("subject") == subject }.map { $0.text("state") }
        }
        chmod(file.path, 0o644)
        #expect(try states(of: "stores") == ["warning"])
        chmod(file.path, 0o640)
        #expect(try states(of: "stores").isEmpty)
        let wrongKey = self.stores[0].json.merged(
            with: .object([.init("credentials", .object([.init("secretKey", .string("wrong"))]))]))
        let wrongBucket = self.stores[1].json.merged(with: .object([.init("container", .string("nowhere"))]))
        let away = self.stores[0].json.merged(
            with: .object([.init("endpoint", .string("http://127.0.0.1:1")), .init("attempts", .integer(1))]))
        try file.write([("key", wrongKey), ("bucket", wrongBucket), ("away", away)])
        let found = try run()
        #expect(found.map { $0.text("state") } == ["fault", "fault", "fault"], "\(found.map(\.text))")
        #expect(found[0].text("mend").contains("credentials are refused"))
        #expect(found[1].text("mend").contains("such a bucket or container"))
        #expect(found[2].text("mend").contains("endpoint"))
        #expect(try self.found(ceph).isEmpty && self.found(azure).isEmpty)
        // A store with files that the settings have lost.
        try instance.connection().transaction { connection in
            _ = try connection.execute(
                """
                INSERT INTO blobs (sha256, size, store, token, reference_count, created_at)
                VALUES (REPEAT('x', 32), 1, 'forgotten', 't', 1, NOW())
                """)
        }
        #expect(try run().contains { $0.text("subject") == "store forgotten" && $0.text("text").contains("1 files") })
        let scrub = try Command(ServiceFolders.mediad, ["scrub"], environment: instance.environment)
        #expect(!scrub.errors.contains("MediaCore"), "\(scrub.errors)")
    }
}
