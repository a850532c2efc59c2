import Foundation
import MediaCore
import MediaDatabase
import MediaStorage
import MediaTesting
import Testing

/// Uploads in pieces that go from host to host: two instances with one database and one store, each with a disk of its own.
struct TusHostsTests {
    typealias HTTPClient = MediaTesting.HTTPClient

    private let first: ServiceInstance
    private let second: ServiceInstance
    private let storage: any RemoteStorage

    init() throws {
        let bucket = try CloudServer.ceph.makeBucket()
        storage = try CloudServer.ceph.storage(bucket)
        let file = try StoreFile(
            [("cloud", CloudServer.ceph.storeDescription(bucket))],
            [.init("default", .string("cloud")), .init("parts", .string("cloud"))])
        first = try ServiceInstance(settings: ["MEDIA_STORES_FILE": file.path])
        second = try ServiceInstance(
            settings: ["MEDIA_STORES_FILE": file.path, "MEDIA_DATABASE_NAME": first.database.database])
    }

    private func found() throws -> Int {
        var count = 0
        for prefix in UInt8.min...UInt8.max { try storage.blobs(prefix) { _ in count += 1 } }
        return count
    }

    private func send(_ client: HTTPClient, _ path: String, _ bytes: ArraySlice<UInt8>, at offset: Int) throws
        -> HTTPResponse
    {
        try client.send(
            "PATCH", path,
            headers: [
                "Tus-Resumable": "1.0.0", "Upload-Offset": String(offset),
                "Content-Type": "application/offset+octet-stream",
            ], .bytes(Array(bytes)))
    }

    private func offset(_ client: HTTPClient, _ path: String) throws -> String? {
        try client.send("HEAD", path, headers: ["Tus-Resumable": "1.0.0"], .none)["Upload-Offset"]
    }

    @Test("an upload begun on one host goes on and ends on others, and what lay in the store for that goes")
    func hosts() throws {
        let one = try first.client()
        var two = second.anonymous
        two.key = one.key
        let bytes = Samples.mp4("hosts", size: 9_000_000)
        let name = Data("film.mp4".utf8).base64EncodedString()
        let user = Data("u".utf8).base64EncodedString()
        let created = try one.send(
            "POST", "/v1/uploads",
            headers: [
                "Tus-Resumable": "1.0.0", "Upload-Length": "9000000",
                "Upload-Metadata": "filename \(name),userId \(user)",
            ], .none)
        let path = try #require(created["Location"]?.dropFirst(first.baseURL.count)).description
        #expect(try send(one, path, bytes[..<3_000_000], at: 0).status == 204)
        #expect(try offset(two, path) == "3000000")
        #expect(try send(two, path, bytes[3_000_000..<5_000_000], at: 3_000_000).status == 204)
        // Back where it began, whose disk has less by now.
        #expect(try offset(one, path) == "5000000")
        #expect(try send(one, path, bytes[5_000_000..<6_000_000], at: 5_000_000).status == 204)
        let reconciled = try Command(ServiceFolders.mediad, ["reconcile", "--json"], environment: first.environment)
        #expect(reconciled.status == 0, "\(reconciled.text)")
        let last = try send(two, path, bytes[6_000_000...], at: 6_000_000)
        #expect(last.status == 204, "\(last.text)")
        let id = try #require(last["Media-Id"])
        #expect(try one.get("/m/\(id)").body == bytes)
        try first.mediad("work", "--once")
        #expect(try found() == 1)
    }

    @Test("the store for the parts is away: the upload goes on where it is")
    func away() throws {
        let client = try first.client()
        let file = try StoreFile(
            [
                (
                    "cloud",
                    try CloudServer.ceph.storeDescription(
                        "b", endpoint: "http://127.0.0.1:1", [.init("attempts", .integer(1))])
                )
            ], [.init("parts", .string("cloud"))])
        try first.change(settings: ["MEDIA_STORES_FILE": file.path])
        first.supervisor?.send(SIGHUP)
        sleep(2)
        let name = Data("a.txt".utf8).base64EncodedString()
        let user = Data("u".utf8).base64EncodedString()
        let created = try client.send(
            "POST", "/v1/uploads",
            headers: [
                "Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "filename \(name),userId \(user)",
            ], .none)
        let path = try #require(created["Location"]?.dropFirst(first.baseURL.count)).description
        #expect(try send(client, path, Array("01234".utf8)[...], at: 0).status == 204)
        #expect(try offset(client, path) == "5")
        let last = try send(client, path, Array("56789".utf8)[...], at: 5)
        #expect(last.status == 204 && last["Media-Id"] != nil, "\(last.text)")
    }
}
