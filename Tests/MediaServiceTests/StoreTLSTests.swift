import Foundation
import MediaCore
import MediaTesting
import Testing

/// Stores as providers have them: by a host's name and TLS, which the workers and nginx verify.
struct StoreTLSTests {
    private static func host(_ cloud: CloudServer, _ bucket: String) -> String {
        // Amazon's way, with the bucket in the host's name.
        cloud == .ceph ? "\(bucket).localhost" : "\(cloud).localhost"
    }

    private struct Setup {
        let instance: ServiceInstance
        let front: PrivateServer
        let media: JSON
        let bytes: [UInt8]
    }

    private func set(_ front: PrivateServer, _ name: String, _ isOn: Bool) throws {
        let path = "\(front.folder)/\(name)"
        if isOn { try Data().write(to: URL(filePath: path)) } else { try FileManager.default.removeItem(atPath: path) }
        Thread.sleep(forTimeInterval: 0.2)
    }

    private func make(_ cloud: CloudServer, cache: String = "0") throws -> Setup {
        let bucket = try cloud.makeBucket()
        let host = Self.host(cloud, bucket)
        let server = try cloud.server()
        let front = try PrivateServer("tls_front", [server.endpoint, host])
        let port = try #require(front.endpoint.split(separator: ":").last)
        let endpoint =
            switch cloud {
            case .ceph: "https://localhost:\(port)"
            case .azure: "\(front.endpoint)/\(CloudServer.account)"
            default: front.endpoint
            }
        let more: [JSON.Member] = [
            .init("ca", .string(front.description.text("authority"))), .init("attempts", .integer(2)),
        ]
        let description = try cloud.storeDescription(bucket, endpoint: endpoint, more)
            .merged(with: .object(cloud == .ceph ? [.init("pathStyle", .bool(false))] : []))
        let file = try StoreFile([("cloud", description)], [.init("default", .string("cloud"))])
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_STORES_FILE": file.path, "MEDIA_STORE_CACHE_MAX_BYTES": cache,
                "MEDIA_RESOLVER":
                    front.description.text("resolver"), "MEDIA_UPLOAD_GRACE": "1",
            ])
        let bytes = Samples.mp4("tls \(cloud)", size: 9_000_001)
        let media = try instance.client().upload(bytes, name: "a.mp4", user: "u")
        return Setup(instance: instance, front: front, media: media, bytes: bytes)
    }

    @Test(
        "files go to a store and come from it by TLS and its host's name", arguments: [CloudServer.ceph, .gcs, .azure])
    func works(cloud: CloudServer) throws {
        let setup = try make(cloud, cache: "10M")
        let client = try setup.instance.client()
        for _ in 0..<2 {
            let file = try client.get("/m/\(setup.media.id)")
            #expect(file.status == 200 && file.body == setup.bytes, "\(file.status)")
            let some = try client.get("/m/\(setup.media.id)", headers: ["Range": "bytes=4194300-4194310"])
            #expect(some.status == 206 && some.body == Array(setup.bytes[4_194_300...4_194_310]), "\(some.status)")
        }
        let open = try client.patch("/v1/media/\(setup.media.id)", #"{"isPublic":true}"#).json
        let path = String(open.text("url").dropFirst(setup.instance.baseURL.count))
        #expect(try setup.instance.anonymous.get(path).body == setup.bytes)
    }

    @Test(
        "a store whose certificate isn't its own gets nothing and is given out by nobody",
        arguments: ["stranger", "misnamed"])
    func refused(fault: String) throws {
        let setup = try make(.azure)
        let client = try setup.instance.client()
        #expect(try client.get("/m/\(setup.media.id)").status == 200)
        try set(setup.front, fault, true)
        try client.get("/m/\(setup.media.id)").expectProblem(503)
        let sent = try client.post("/v1/media?name=b.mp4&userId=u", .bytes(Samples.mp4("b", size: 2000)))
        sent.expectProblem(503)
        #expect(setup.instance.folders.files("staging").isEmpty)
        #expect(setup.instance.folders.files("objects").isEmpty)
        // Why is said to the operator, in nginx's words and in the workers'.
        for log in ["nginx.log", "serve.log"] {
            let text = setup.instance.folders.log(log)
            #expect(text.contains("certificate"), "\(log): \(text)")
        }
        try set(setup.front, fault, false)
        let file = try client.get("/m/\(setup.media.id)")
        #expect(file.status == 200 && file.body == setup.bytes, "\(file.status)")
        _ = try client.upload(Samples.mp4("b", size: 2000), name: "b.mp4", user: "u")
    }

    @Test("while no name server answers, downloads say that the store is away")
    func noNames() throws {
        let setup = try make(.azure)
        try set(setup.front, "silent", true)
        let client = try setup.instance.client()
        #expect(try client.get("/m/\(setup.media.id)").status == 503)
    }
}
