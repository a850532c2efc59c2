import Foundation
import MediaCore
import MediaDatabase
import MediaStorage
import MediaTesting
import Testing

/// The service with its files in stores elsewhere.
struct StoreTests {
    typealias HTTPClient = MediaTesting.HTTPClient

    private func make(
        _ cloud: CloudServer, cache: String = "10M", decisions: String = "5", _ more: [JSON.Member] = []
    ) throws -> (instance: ServiceInstance, client: HTTPClient, storage: any RemoteStorage, file: StoreFile) {
        let bucket = try cloud.makeBucket()
        let file = try StoreFile(
            [("cloud", cloud.storeDescription(bucket, more))], [.init("default", .string("cloud"))])
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_STORES_FILE": file.path, "MEDIA_STORE_CACHE_MAX_BYTES": cache, "MEDIA_DECISION_CACHE": decisions,
                "MEDIA_RETENTION": "0", "MEDIA_HOUSEKEEPING_INTERVAL": "1",
            ])
        return (instance, try instance.client(), try cloud.storage(bucket), file)
    }

    private func found(_ storage: any Storage) throws -> [String] {
        var names: [String] = []
        for prefix in UInt8.min...UInt8.max { try storage.blobs(prefix) { names.append($0.name) } }
        return names
    }

    private func texts(_ instance: ServiceInstance, _ sql: String) throws -> [String] {
        try instance.connection().query(sql) { (row) throws(MariaDBError) in try row.text(0) }
    }

    private static let cases: [(CloudServer, String, String)] = [
        (.ceph, "10M", "5"), (.ceph, "0", "0"), (.swift, "10M", "0"), (.gcs, "10M", "5"), (.azure, "0", "5"),
    ]

    @Test("files go to the store and come from it, private and public, whole and in ranges", arguments: cases)
    func delivery(cloud: CloudServer, cache: String, decisions: String) throws {
        let (instance, client, storage, _) = try make(cloud, cache: cache, decisions: decisions)
        let bytes = Samples.mp4("\(cloud) \(cache)", size: 12_000_001)
        let answer = try client.post("/v1/media?name=a%20film.mp4&userId=u", .bytes(bytes))
        try #require(answer.status == 201, "\(answer.text)")
        let media = answer.json
        #expect(instance.folders.files("objects").isEmpty && instance.folders.files("staging").isEmpty)
        #expect(try found(storage).count == 1)
        for _ in 0..<2 {
            let file = try client.get("/m/\(media.id)")
            #expect(file.status == 200 && file.body == bytes, "\(file.status)")
            #expect(file["Content-Type"] == "video/mp4" && file["Content-Length"] == "12000001")
            #expect(file["Content-Disposition"]?.contains("a film.mp4") == true && file["Accept-Ranges"] == "bytes")
            #expect(file["Cache-Control"] == "private, no-cache")
            let names = file.headers.map { $0.name.lowercased() }
            let theirs = names.filter {
                $0.hasPrefix("x-amz") || $0.hasPrefix("x-ms") || $0.hasPrefix("x-goog") || $0.hasPrefix("x-trans")
            }
            #expect(theirs.isEmpty && !names.contains("last-modified"), "\(names)")
            #expect(names.count == Set(names).count, "\(names)")
            for (range, part) in [
                ("0-9", bytes[0..<10]), ("1048570-1048590", bytes[1_048_570...1_048_590]), ("-5", bytes.suffix(5)),
                ("11999000-", bytes[11_999_000...]),
            ] {
                let some = try client.get("/m/\(media.id)", headers: ["Range": "bytes=\(range)"])
                #expect(some.status == 206 && some.body == Array(part), "\(range) \(some.status)")
            }
            try client.get("/m/\(media.id)", headers: ["Range": "bytes=12000001-"]).expectProblem(416)
            let tag = try #require(file["ETag"])
            #expect(try client.get("/m/\(media.id)", headers: ["If-None-Match": tag]).status == 304)
            let head = try client.send("HEAD", "/m/\(media.id)")
            #expect(head.status == 200 && head["Content-Length"] == "12000001" && head.body.isEmpty)
        }
        try instance.anonymous.get("/m/\(media.id)").expectProblem(404)
        try client.get("/_store/cloud/media/x").expectProblem(404)
        // Public: by its address too.
        let patched = try client.patch("/v1/media/\(media.id)", #"{"isPublic":true}"#).json
        let path = String(patched.text("url").dropFirst(instance.baseURL.count))
        let open = try instance.anonymous.get(path)
        #expect(
            open.status == 200 && open.body == bytes && open["Cache-Control"] == "public, max-age=86400",
            "\(open.status)")
        #expect(open["Content-Type"] == "video/mp4")
        #expect(try instance.anonymous.get(path, headers: ["Range": "bytes=5-9"]).body == Array(bytes[5...9]))
        try instance.anonymous.get(path + "x").expectProblem(404)
        _ = try client.patch("/v1/media/\(media.id)", #"{"isPublic":false}"#)
        try instance.anonymous.get(path).expectProblem(404)
    }

    @Test(
        "the same content is stored once, and goes with the last record that has it",
        arguments: [CloudServer.ceph, .azure])
    func life(cloud: CloudServer) throws {
        let (instance, client, storage, _) = try make(cloud, decisions: "0")
        let bytes = Samples.mp4("life \(cloud)", size: 200_000)
        let first = try client.upload(bytes, name: "a.mp4", user: "u")
        let second = try client.upload(bytes, name: "b.mp4", user: "u", query: "isPublic=true")
        #expect(try found(storage).count == 1)
        // A version is another content, and the first one is kept for it.
        let replaced = try client.send(
            "PUT", "/v1/media/\(first.id)/file?name=c.mp4", .bytes(Samples.mp4("new", size: 5000)))
        #expect(replaced.status == 200, "\(replaced.text)")
        #expect(try client.get("/m/\(first.id)").body == Samples.mp4("new", size: 5000))
        #expect(try found(storage).count == 2)
        let restored = try client.post("/v1/media/\(first.id)/versions/1/restore", .none)
        #expect(restored.status == 200, "\(restored.text)")
        #expect(try client.get("/m/\(first.id)").body == bytes)
        let replaced2 = try client.send(
            "PUT", "/v1/media/\(second.id)/file?name=d.mp4", .bytes(Samples.mp4("public", size: 7000)))
        #expect(replaced2.status == 200, "\(replaced2.text)")
        let open = String(replaced2.json.text("url").dropFirst(instance.baseURL.count))
        #expect(try instance.anonymous.get(open).body == Samples.mp4("public", size: 7000))
        for media in [first, second] { #expect(try client.delete("/v1/media/\(media.id)?hard=true").status == 200) }
        try client.get("/m/\(first.id)").expectProblem(404)
        try instance.mediad("work", "--once")
        #expect(try found(storage).isEmpty)
        #expect(try texts(instance, "SELECT CAST(COUNT(*) AS CHAR) FROM blob_removals") == ["0"])
    }

    @Test("in pieces, by form, by message and from a URL files go there too")
    func ways() throws {
        let (instance, client, storage, _) = try make(.ceph)
        try instance.startHousekeeper()
        let server = try FileServer(Array("imported".utf8))
        let order = #"{"url":"\#(server.url())","userId":"u"}"#
        try instance.change(settings: ["MEDIA_IMPORT_NETWORKS": "127.0.0.1"])
        instance.housekeeper?.stop(SIGTERM)
        try instance.startHousekeeper()
        let id = try client.json("POST", "/v1/imports", order).json.id
        #expect(eventually { (try? client.get("/v1/imports/\(id)").json)?.text("status") == "FINISHED" })
        let form = try client.post(
            "/v1/media", .form([.file("file", name: "one.txt", type: nil, Array("one".utf8)), .text("userId", "u")]))
        #expect(form.status == 201, "\(form.text)")
        #expect(eventually { (try? found(storage).count) == 2 })
    }

    @Test("the store is away: uploads and downloads get 503 and leave nothing; afterwards all is well")
    func outage() throws {
        let cloud = CloudServer.azure
        let bucket = try cloud.makeBucket()
        let proxy = try PrivateServer("faulty_proxy", [cloud.server().endpoint, "none"])
        let endpoint = "\(proxy.endpoint)/\(CloudServer.account)"
        let file = try StoreFile(
            [("cloud", cloud.storeDescription(bucket, endpoint: endpoint, [.init("attempts", .integer(2))]))],
            [.init("default", .string("cloud"))])
        let instance = try ServiceInstance(settings: ["MEDIA_STORES_FILE": file.path, "MEDIA_UPLOAD_GRACE": "1"])
        let client = try instance.client()
        let media = try client.upload(Samples.mp4("outage", size: 2000), name: "a.mp4", user: "u")
        #expect(try client.get("/m/\(media.id)").status == 200)
        proxy.stop()
        try client.post("/v1/media?name=b.mp4&userId=u", .bytes(Samples.mp4("b", size: 2000))).expectProblem(503)
        let other = try client.get("/m/\(media.id)", headers: ["Range": "bytes=0-1"])
        // What nginx has kept it still gives; without that, it says that the store is away.
        #expect([206, 503].contains(other.status), "\(other.status)")
        #expect(instance.folders.files("staging").isEmpty && instance.folders.files("objects").isEmpty)
        #expect(try client.get("/v1/media/\(media.id)").status == 200)
    }

    @Test("what a crash leaves in the store is removed after the grace period")
    func crash() throws {
        let (instance, client, storage, _) = try make(.ceph)
        try instance.change(settings: ["MEDIA_UPLOAD_GRACE": "1"])
        // As a worker that died between the store's answer and the transaction leaves it.
        let local = LocalStorage(root: instance.folders.store)
        let staged = try local.stage(Array("left behind".utf8), as: "left")
        let key = BlobKey(sha256: try staged.digest().sha256, token: String(repeating: "ab", count: 16))
        try storage.put(staged, key)
        try instance.connection().transaction { connection in
            try UploadLedger(connection).add(
                .init(
                    mediaID: #require(MediaID("c000000000000000000000001")), sha256: key.sha256,
                    place: BlobPlace(store: "cloud", token: key.token)), now: Timestamp(milliseconds: 0))
        }
        let kept = try client.upload(Array("left behind".utf8), name: "a.txt", user: "u")
        #expect(try found(storage).count == 2)
        try instance.mediad("work", "--once")
        try instance.mediad("work", "--once")
        #expect(try found(storage).count == 1)
        #expect(try client.get("/m/\(kept.id)").body == Array("left behind".utf8))
    }

    @Test("by the rules, each file goes where it should; who asks is led to the store or its CDN where that is set")
    func rules() throws {
        let (one, two) = (try CloudServer.ceph.makeBucket(), try CloudServer.azure.makeBucket())
        let disk = try TemporaryFolder()
        let file = try StoreFile(
            [
                ("films", CloudServer.ceph.storeDescription(one, [.init("delivery", .string("redirect"))])),
                (
                    "papers",
                    CloudServer.azure.storeDescription(two, [.init("cdn", .string("https://cdn.example.org/x"))])
                ),
                ("disk", .object([.init("kind", .string("local")), .init("path", .string("\(disk.path)/two"))])),
            ],
            [
                .init(
                    "rules",
                    .array([
                        .object([
                            .init("store", .string("films")), .init("types", .array([.string("VIDEO")])),
                            .init("minBytes", .integer(5000)),
                        ]),
                        .object([.init("store", .string("papers")), .init("types", .array([.string("DOCUMENT")]))]),
                        .object([.init("store", .string("disk")), .init("entityTypes", .array([.string("exam")]))]),
                    ]))
            ])
        let instance = try ServiceInstance(settings: ["MEDIA_STORES_FILE": file.path])
        let client = try instance.client()
        let film = try client.upload(Samples.mp4("film", size: 5000), name: "a.mp4", user: "u")
        let clip = try client.upload(Samples.mp4("clip", size: 4000), name: "a.mp4", user: "u")
        let paper = try client.upload(Samples.pdf("paper"), name: "a.pdf", user: "u", query: "isPublic=true")
        let exam = try client.upload(Samples.png("exam"), name: "a.png", user: "u", query: "entityType=exam&entityId=1")
        func store(_ media: JSON) throws -> String {
            try texts(instance, "SELECT store FROM blobs WHERE HEX(sha256) = '\(media.text("sha256"))'")[0]
        }
        #expect(try [film, clip, paper, exam].map(store) == ["films", "local", "papers", "disk"])
        let led = try client.get("/m/\(film.id)")
        #expect(led.status == 302, "\(led.status)")
        let answer = try MediaStorage.HTTPClient().exchange(.init("GET", led["Location"] ?? ""), limit: 1 << 20)
        #expect(answer.head.status == 200 && answer.body == Samples.mp4("film", size: 5000))
        #expect(
            answer.head["content-type"] == "video/mp4" && answer.head["content-disposition"]?.contains("a.mp4") == true)
        let cdn = try instance.anonymous.get("/m/\(paper.id)")
        #expect(cdn.status == 302 && cdn["Location"]?.hasPrefix("https://cdn.example.org/x/") == true)
        _ = try client.patch("/v1/media/\(paper.id)", #"{"isPublic":false}"#)
        #expect(try client.get("/m/\(paper.id)").body == Samples.pdf("paper"))
        #expect(try client.get("/m/\(clip.id)").body == Samples.mp4("clip", size: 4000))
        let picture = try client.get("/m/\(exam.id)")
        #expect(picture.body == Samples.png("exam") && picture["Content-Type"] == "image/png")
    }

    @Test("a file of stores that can't be used says which member is wrong")
    func wrongFile() throws {
        let good = try CloudServer.ceph.storeDescription("bucket")
        func output(_ name: String, _ json: JSON, _ more: [JSON.Member] = []) throws -> String {
            let file = try StoreFile([(name, json)], more)
            let command = try Command(
                ServiceFolders.mediad, ["nginx", "/nowhere/nginx"], environment: ["MEDIA_STORES_FILE": file.path])
            #expect(command.status == 78, "\(command.status)")
            return command.errors
        }
        func with(_ name: String, _ value: JSON) -> JSON { good.merged(with: .object([.init(name, value)])) }
        for (member, value, reason) in [
            ("kind", JSON.string("ftp"), "must be one of"), ("bucket", .string("a b"), "must be of letters"),
            ("endpoint", .string("ftp://x"), "must be a URL"), ("region", .integer(1), "must be a text"),
            ("pathStyle", .string("yes"), "must be true or false"),
            ("partBytes", .integer(1), "must be a whole number"),
            ("credentials", .string("none"), "must be {\"accessKey\""), ("secret", .string("x"), "is unknown"),
            ("delivery", .string("mail"), "must be proxy or redirect"),
            ("prefix", .string("a/../b"), "must be of letters"),
        ] {
            let said = try output("cloud", with(member, value))
            #expect(said.contains("MEDIA_STORES_FILE: store 'cloud': \(member): \(reason)"), "\(said)")
        }
        #expect(try output("local", good).contains("names are of a-z"))
        #expect(try output("cloud", good, [.init("default", .string("other"))]).contains("there is no store 'other'"))
        let rule = JSON.object([.init("store", .string("cloud")), .init("types", .string("VIDEO"))])
        #expect(
            try output("cloud", good, [.init("rules", .array([rule]))]).contains("rule 1: types: must be a list of"))
        #expect(try output("cloud", good, [.init("rulez", .null)]).contains("rulez: is unknown"))
    }
}
