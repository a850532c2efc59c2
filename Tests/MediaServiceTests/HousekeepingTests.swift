import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// `mediad work` goes on where one thing can't be settled.
@Suite struct HousekeepingTests {
    @Test("a record without its blob doesn't keep other public links from being settled")
    func oneBroken() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let broken = try client.upload(Samples.png("broken"), name: "a.png", user: "u", query: "isPublic=true")
        let fine = try client.upload(Samples.png("fine"), name: "b.png", user: "u", query: "isPublic=true")
        for file in instance.folders.files("public") {
            try FileManager.default.removeItem(atPath: "\(instance.folders.store)/public/\(file)")
        }
        for file in instance.folders.files("objects") where file.hasSuffix(broken.text("sha256")) {
            try FileManager.default.removeItem(atPath: "\(instance.folders.store)/objects/\(file)")
        }
        // The broken one is the older note.
        try instance.connection().transaction { connection in
            for (record, second) in [(broken, 1), (fine, 2)] {
                try connection.execute(
                    "INSERT INTO publications (media_id, created_at) VALUES (?, ?)",
                    [.text(record.id), .timestamp(Timestamp(milliseconds: Int64(second) * 1000))])
            }
        }
        try instance.mediad("work", "--once")
        #expect(instance.folders.files("public") == ["\(fine.id)/b.png"])
        #expect(try instance.anonymous.get("/p/\(fine.id)/b.png").status == 200)
    }

    /// Puts a blob where `RemoveBlob` leaves it between its two steps.
    private func withdraw(_ sha256: String, in instance: ServiceInstance) throws {
        let store = instance.folders.store
        let object = try #require(instance.folders.files("objects").first { $0.hasSuffix(sha256) })
        try FileManager.default.moveItem(
            atPath: "\(store)/objects/\(object)", toPath: "\(store)/staging/withdrawn-\(sha256)-1")
    }

    @Test("a blob whose removal was begun comes back where a record has it, and goes where none has")
    func withdrawn() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let record = try client.upload(Samples.png("kept"), name: "a.png", user: "u")
        try withdraw(record.text("sha256"), in: instance)
        let orphan = String(repeating: "ab", count: 32)
        try Data([1]).write(to: URL(fileURLWithPath: "\(instance.folders.store)/staging/withdrawn-\(orphan)-1"))
        #expect(try client.get("/m/\(record.id)").status == 500)
        try instance.mediad("work", "--once")
        #expect(try client.get("/m/\(record.id)").body == Samples.png("kept"))
        #expect(instance.folders.files("staging") == [])
        #expect(instance.folders.files("objects").count == 1)
    }

    @Test("what housekeeping settles is counted with all else")
    func counted() throws {
        let instance = try ServiceInstance()
        try instance.connection().transaction { connection in
            try connection.execute(
                "INSERT INTO publications (media_id, created_at) VALUES (?, ?)",
                [.text("c00000000000000000000000a"), .timestamp(Timestamp(milliseconds: 1000))])
        }
        try instance.mediad("work", "--once")
        #expect(try instance.anonymous.get("/metrics").text.contains("media_publications_settled_total 1\n"))
    }
}
