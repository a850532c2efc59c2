import Foundation
import MediaDatabase
import MediaTesting
import Testing

/// The check that the crash tests rest on finds each fault that is made on purpose.
@Suite(.serialized)
struct StoreInvariantsTests {
    private let instance: ServiceInstance
    private let id: String
    private let blob: String

    init() throws {
        instance = try ServiceInstance()
        let client = try instance.client()
        let record = try client.upload(Samples.text("check"), name: "a.txt", user: "u", query: "isPublic=true")
        id = record.id
        let sha256 = record.text("sha256")
        blob = "\(instance.folders.store)/objects/\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)"
        #expect(try eventually { try StoreInvariants.violations(instance) == [] })
    }

    private func violations(_ sql: String) throws -> [String] {
        try instance.connection().transaction { _ = try $0.execute(sql) }
        return try StoreInvariants.violations(instance)
    }

    @Test("a blob that is missing, shorter or changed")
    func blobs() throws {
        try Data("Grüße aus dem Kurs, chock\n".utf8).write(to: URL(fileURLWithPath: blob))
        #expect(try StoreInvariants.violations(instance).contains { $0.contains("isn't whole") })
        try FileManager.default.removeItem(atPath: blob)
        #expect(try StoreInvariants.violations(instance).contains { $0.contains("isn't whole") })
    }

    @Test("files that no row knows", arguments: ["objects/00/00/00", "public/x/a.txt", "staging/x", "incoming/x"])
    func strays(path: String) throws {
        let file = URL(fileURLWithPath: "\(instance.folders.store)/\(path)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: file)
        #expect(try StoreInvariants.violations(instance).count == 1)
    }

    @Test("a public link that is missing, and one that should not be there")
    func links() throws {
        #expect(try violations("UPDATE media SET is_public = 0").contains { $0.contains("nobody's") })
        _ = try violations("UPDATE media SET is_public = 1")
        try FileManager.default.removeItem(atPath: "\(instance.folders.store)/public/\(id)")
        #expect(try StoreInvariants.violations(instance).contains { $0.contains("no good public link") })
    }

    @Test("rows that are left, and a wrong count of references")
    func rows() throws {
        #expect(try violations("UPDATE blobs SET reference_count = 2").contains { $0.hasPrefix("blobs ") })
        _ = try violations("UPDATE blobs SET reference_count = 1")
        let insert = "INSERT INTO uploads (media_id, sha256, created_at) SELECT id, sha256, created_at FROM media"
        #expect(try violations(insert) == ["uploads has \(id)"])
        _ = try violations("DELETE FROM uploads")
        #expect(
            try violations("INSERT INTO publications SELECT id, created_at FROM media") == ["publications has \(id)"])
    }
}
