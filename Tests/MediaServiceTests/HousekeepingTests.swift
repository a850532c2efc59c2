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
}
