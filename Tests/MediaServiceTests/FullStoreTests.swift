import MediaCore
import MediaTesting
import Testing

/// A store without room, or that takes nothing.
struct FullStoreTests {
    private let fileSystem: TemporaryFileSystem
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        fileSystem = try TemporaryFileSystem(size: "4m")
        instance = try ServiceInstance(store: "\(fileSystem.path)/store")
        client = try instance.client()
    }

    private func upload(_ size: Int, headers: [String: String] = [:]) throws -> HTTPResponse {
        try client.post("/v1/media?name=a.mp4&userId=u", headers: headers, .bytes(Samples.mp4("full", size: size)))
    }

    @Test(
        "no room for a body, announced or not: 507, nothing is left",
        arguments: [[:], ["Transfer-Encoding": "chunked"]])
    func noRoom(headers: [String: String]) throws {
        let answer = try upload(6_000_000, headers: headers)
        answer.expectProblem(507, "insufficient_storage")
        #expect(answer["Retry-After"] != nil)
        try Leftovers.expectNothing(instance)
        #expect(try upload(1_000_000).status == 201)
    }

    @Test("room for the body, but not for the copies of its parts: 507, nothing is left")
    func noRoomForParts() throws {
        let file = FormField.file("file", name: "a.mp4", type: nil, Samples.mp4(size: 2_500_000))
        let answer = try client.post("/v1/media", .form([.text("userId", "u"), file]))
        answer.expectProblem(507, "insufficient_storage")
        try Leftovers.expectNothing(instance)
        #expect(try upload(1_000_000).status == 201)
    }

    @Test("the reserve stays free")
    func reserve() throws {
        try instance.change(settings: ["MEDIA_STORE_RESERVE_BYTES": "3M"])
        instance.supervisor?.stop()
        try instance.startWorkers()
        try upload(2_000_000).expectProblem(507, "insufficient_storage")
        try Leftovers.expectNothing(instance)
        #expect(try upload(500_000).status == 201)
    }

    @Test("a store that is full deletes and hides files still")
    func fullStore() throws {
        let record = try client.upload(Samples.text("kept"), name: "a.txt", user: "u", query: "isPublic=true")
        let large = try upload(3_900_000)
        #expect(large.status == 201, "\(large.text)")
        try upload(500_000).expectProblem(507)
        #expect(try client.patch("/v1/media/\(record.id)", #"{"isPublic":false}"#).status == 200)
        try instance.anonymous.get(record.text("url")).expectProblem(404)
        #expect(try client.delete("/v1/media/\(record.id)").status == 200)
    }

    @Test(
        "an upload in pieces for which the room runs out: 507, what has come stays, and it goes on when there is room")
    func pieces() throws {
        let bytes = Samples.mp4("pieces", size: 3_000_000)
        let url = try client.beginUpload(bytes.count)
        let other = try upload(2_500_000)
        try #require(other.status == 201)
        try client.patchUpload(url, at: 0, bytes).expectProblem(507, "insufficient_storage")
        let offset = try client.offset(url)
        #expect(offset > 500_000 && offset < 2_000_000)
        #expect(try client.delete("/v1/media/\(other.json.id)?hard=true").status == 200)
        let last = try client.patchUpload(url, at: offset, Array(bytes[offset...]))
        #expect(try client.uploadedFile(last) == bytes)
    }

    @Test("a store that is read-only: 503, files go out still, and it recovers by itself")
    func readOnly() throws {
        let record = try client.upload(Samples.text("kept"), name: "a.txt", user: "u", query: "isPublic=true")
        let before = try Leftovers.count(instance)
        try fileSystem.change(isReadOnly: true)
        for headers in [[:], ["Transfer-Encoding": "chunked"]] {
            let answer = try upload(1_000_000, headers: headers)
            answer.expectProblem(503)
            #expect(answer["Retry-After"] != nil)
        }
        let hidden = try client.patch("/v1/media/\(record.id)", #"{"isPublic":false}"#)
        #expect(hidden.status == 503 || hidden.status == 200, "\(hidden.text)")
        #expect(try instance.anonymous.get("/readyz").json["checks"]?.text("store") != "ok")
        #expect(try client.get("/m/\(record.id)").body == Samples.text("kept"))
        try fileSystem.change(isReadOnly: false)
        #expect(try upload(1_000_000).status == 201)
        #expect(try Leftovers.count(instance).rows["media"] == (before.rows["media"] ?? 0) + 1)
        #expect(try Leftovers.count(instance).files["staging"] == 0)
    }
}
