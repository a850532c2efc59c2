import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Database and store compared, and what has come apart.
struct ReconcileTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_UPLOAD_GRACE": "1"])
        client = try instance.client()
    }

    private func run(_ arguments: String...) throws -> (status: Int32, findings: [JSON]) {
        let command = try Command(ServiceFolders.mediad, arguments + ["--json"], environment: instance.environment)
        let lines = try command.text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
        // That InnoDB chose one of two transactions, which was tried again, is no fault.
        let errors = command.errors.split(separator: "\n").filter { !$0.contains("\"database retry\"") }
        #expect(errors.isEmpty, "\(errors)")
        return (command.status, lines)
    }

    private func kinds(_ findings: [JSON]) -> [String] {
        findings.map { $0.text("kind") }.filter { !$0.isEmpty }.sorted()
    }

    private func path(_ name: String) -> String { "\(instance.folders.store)/\(name)" }

    private func object(_ media: JSON) -> String {
        let sha256 = media.text("sha256")
        return path("objects/\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)")
    }

    @Test("what has come apart is found; what is certain is repaired, all else only said; nothing unknown is touched")
    func apart() throws {
        let kept = try client.upload(Samples.text("kept"), name: "a.txt", user: "u", query: "isPublic=true")
        let lost = try client.upload(Samples.text("lost"), name: "b.txt", user: "u")
        #expect(
            try run("reconcile").findings == [.object([.init("found", .integer(0)), .init("repaired", .integer(0))])])
        // Each of these as a disk or a person might leave it.
        try FileManager.default.removeItem(atPath: object(lost))
        let orphan = path("objects/ab/cd/abcd\(String(repeating: "0", count: 60))")
        try FileManager.default.createDirectory(atPath: path("objects/ab/cd"), withIntermediateDirectories: true)
        try Data("nobody's".utf8).write(to: URL(filePath: orphan))
        for stranger in ["objects/ab/cd/notes.txt", "backup.tar", "public/readme", "objects/ab/folder"] {
            try Data("a person's".utf8).write(to: URL(filePath: path(stranger)))
        }
        let link = path("public/\(kept.id)/a.txt")
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createDirectory(
            atPath: path("public/c000000000000000000000000"), withIntermediateDirectories: false)
        try Data("left".utf8).write(to: URL(filePath: path("partial/c000000000000000000000001")))
        try instance.connection().transaction { connection in
            try connection.execute("UPDATE blobs SET reference_count = 7 WHERE HEX(sha256) = '\(kept.text("sha256"))'")
            try connection.execute("UPDATE user_usage SET bytes = 1 WHERE user_id = 'u'")
        }
        sleep(3)
        let expected = [
            "lost_blob", "orphan_blob", "orphan_upload", "unknown", "unknown", "unknown", "unknown", "wrong_count",
            "wrong_link", "wrong_link", "wrong_usage",
        ]
        let found = try run("reconcile", "--dry-run")
        #expect(found.status == 1 && kinds(found.findings) == expected, "\(found.findings.map(\.text))")
        #expect(found.findings.contains { $0.text("kind") == "lost_blob" && $0.text("text").contains(lost.id) })
        #expect(FileManager.default.fileExists(atPath: orphan))
        let repaired = try run("reconcile", "--repair")
        #expect(repaired.status == 1 && kinds(repaired.findings) == expected)
        #expect(repaired.findings.last?["repaired"] == .integer(6) && repaired.findings.last?["found"] == .integer(5))
        let left = try run("reconcile")
        #expect(kinds(left.findings) == ["lost_blob", "unknown", "unknown", "unknown", "unknown"])
        #expect(!FileManager.default.fileExists(atPath: orphan) && FileManager.default.fileExists(atPath: link))
        #expect(FileManager.default.fileExists(atPath: path("objects/ab/cd/notes.txt")))
        // Whoever uploads the lost content again brings it back.
        _ = try client.upload(Samples.text("lost"), name: "c.txt", user: "u")
        #expect(try client.get("/m/\(lost.id)").body == Samples.text("lost"))
    }

    @Test("beside a service that is at work nothing is found, and nothing is repaired away")
    func busy() throws {
        let group = ThreadGroup()
        for number in 0..<4 {
            group.start {
                for round in 0..<25 {
                    let media = try? client.upload(
                        Samples.text("busy \(number) \(round % 3)"), name: "a.txt", user: "busy",
                        query: "isPublic=\(round % 2 == 0)")
                    if let media, round % 3 > 0 { _ = try? client.delete("/v1/media/\(media.id)?hard=true") }
                }
            }
        }
        for _ in 0..<6 {
            let result = try run("reconcile", "--repair")
            #expect(kinds(result.findings) == [], "\(result.findings.map(\.text))")
        }
        group.wait()
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("bytes that have changed are found, at the rate that is asked for")
    func scrub() throws {
        let good = try client.upload(Samples.mp4("good", size: 1_000_000), name: "a.mp4", user: "u")
        let bad = try client.upload(Samples.mp4("bad", size: 1_000_000), name: "b.mp4", user: "u")
        #expect(try run("scrub").findings.last?["changed"] == .integer(0))
        let handle = try #require(FileHandle(forWritingAtPath: object(bad)))
        try handle.seek(toOffset: 500_000)
        try handle.write(contentsOf: Data([1, 2, 3]))
        try handle.close()
        let begin = ContinuousClock.now
        let result = try run("scrub", "--rate", "1M")
        #expect(begin.duration(to: .now) > .seconds(1))
        #expect(result.status == 1 && kinds(result.findings) == ["rot"])
        #expect(result.findings.first?.text("subject").hasSuffix(bad.text("sha256")) == true)
        #expect(result.findings.last?["blobs"] == .integer(2) && good.id != bad.id)
        for wrong in [["scrub", "--rate", "x"], ["scrub", "--from", "xyz"], ["reconcile", "--repair", "--dry-run"]] {
            #expect(try Command(ServiceFolders.mediad, wrong, environment: instance.environment).status == 64)
        }
    }
}
