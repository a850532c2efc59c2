import Foundation
import MediaCore
import MediaTesting
import Testing

/// Files that clamd looks at: a real one, with EICAR.
struct ScanTests {
    private let clamd: PrivateClamd
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        clamd = try PrivateClamd()
        instance = try ServiceInstance(settings: ["MEDIA_CLAMD": clamd.socket])
        client = try instance.client()
    }

    private let infected = Array("a text, and \(PrivateClamd.eicar)".utf8)

    private func expectInfected(_ media: JSON) throws {
        #expect(media.text("status") == "FAILED", "\(media.text)")
        #expect(media.text("failureReason") == "Infected: \(PrivateClamd.signature)", "\(media.text)")
        try client.get("/m/\(media.id)").expectProblem(409, "not_ready")
        #expect(!instance.folders.files("public").contains { $0.hasPrefix(media.id) })
    }

    @Test("an infected file is kept away from everybody: plain, in an archive, among others, in pieces")
    func infectedFiles() throws {
        try expectInfected(try client.upload(infected, name: "a.txt", user: "u", query: "isPublic=true"))
        let folder = try TemporaryFolder()
        _ = try folder.file("eicar.txt", Array(PrivateClamd.eicar.utf8))
        try Command.run(
            "python3",
            [
                "-c", "import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])", "\(folder.path)-zip",
                folder.path,
            ])
        let zip = Array(try Data(contentsOf: URL(filePath: "\(folder.path)-zip.zip")))
        try FileManager.default.removeItem(atPath: "\(folder.path)-zip.zip")
        try expectInfected(try client.upload(zip, name: "a.zip", user: "u"))
        let form = try client.post(
            "/v1/media",
            .form([
                .text("userId", "u"), .file("file", name: "good.txt", type: nil, Array("nothing in it".utf8)),
                .file("file", name: "bad.txt", type: nil, infected),
            ]))
        let media = form.json["media"]?.array ?? []
        try #require(form.status == 201 && media.count == 2, "\(form.text)")
        #expect(media[0].text("status") == "READY")
        try expectInfected(media[1])
        let url = try client.beginUpload(infected.count, name: "b.txt", user: "u")
        let last = try client.patchUpload(url, at: 0, infected)
        try expectInfected(try client.get("/v1/media/\(last["Media-Id"] ?? "")").json)
    }

    @Test("it comes into no other record, and nobody makes it READY")
    func noWayIn() throws {
        let good = try client.upload(Samples.text("good"), name: "a.txt", user: "u")
        try client.send("PUT", "/v1/media/\(good.id)/file?name=b.txt", .bytes(infected))
            .expectProblem(422, "infected")
        #expect(try client.get("/m/\(good.id)").body == Samples.text("good"))
        let buffer = Data(infected).base64EncodedString()
        let staged = try client.json(
            "POST", "/v1/rpc",
            #"{"pattern":"upload_file","data":{"buffer":"\#(buffer)","originalName":"a.txt","mimeType":"text/plain"},"id":"1"}"#
        )
        #expect(staged.json["err"]?.text("code") == "infected")
        let bad = try client.upload(infected, name: "a.txt", user: "u")
        try client.patch("/v1/media/\(bad.id)", #"{"isPublic":true}"#).expectPatched()
        try client.json(
            "POST", "/v1/rpc", #"{"pattern":"media.update","data":{"id":"\#(bad.id)","status":"READY"},"id":"1"}"#
        )
        .expectPatched()
        try expectInfected(try client.get("/v1/media/\(bad.id)").json)
        #expect(try client.delete("/v1/media/\(bad.id)").status == 200)
        #expect(try client.post("/v1/media/\(bad.id)/restore", .none).status == 200)
        try expectInfected(try client.get("/v1/media/\(bad.id)").json)
    }

    @Test("a scanner that is down, and a file that it doesn't take: as the settings say")
    func settings() throws {
        let long = Samples.mp4("too long for it", size: 6_000_000)
        #expect(try client.upload(long, name: "a.mp4", user: "u").text("status") == "READY")
        clamd.stop()
        let refused = try client.post("/v1/media?name=a.txt&userId=u", .text("while it is down"))
        refused.expectProblem(503, "unavailable")
        #expect(refused["Retry-After"] != nil && instance.folders.files("staging").isEmpty)
        let doctor = try Command(ServiceFolders.mediad, ["doctor"], environment: instance.environment)
        #expect(doctor.text.contains("FAULT    scanner: clamd isn't at"))
        try instance.change(settings: ["MEDIA_CLAMD_UNAVAILABLE": "accept", "MEDIA_CLAMD_TOO_LARGE": "refuse"])
        instance.supervisor?.stop(SIGTERM, within: 10)
        try instance.startWorkers()
        try instance.waitUntilReady()
        #expect(try client.upload(infected, name: "a.txt", user: "u").text("status") == "READY")
        try clamd.start()
        try client.post("/v1/media?name=b.mp4&userId=u", .bytes(Samples.mp4("another", size: 6_000_000)))
            .expectProblem(413, "too_large")
        #expect(try client.upload(Samples.text("small"), name: "c.txt", user: "u").text("status") == "READY")
        #expect(try instance.anonymous.get("/metrics").text.contains("media_files_unscanned_total"))
    }
}

extension HTTPResponse {
    /// Whatever the answer: what becomes of the record is looked at afterwards.
    fileprivate func expectPatched() { #expect(status < 500, "\(text)") }
}
