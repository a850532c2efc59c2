import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct BlobRepositoryTests {
    private let connection: Connection
    private let sha256 = String(repeating: "ab", count: 32)

    init() throws {
        connection = Connection(try PrivateMariaDB.shared().makeMigratedDatabase())
    }

    private func reference() throws {
        try connection.transaction { connection in
            try BlobRepository(connection).reference(
                sha256: sha256, size: 7, place: .local, now: Timestamp(milliseconds: 0))
        }
    }

    @Test("each reference counts, and the content has one row")
    func count() throws {
        for number in 1...3 {
            try reference()
            #expect(try connection.number("SELECT reference_count FROM blobs") == Int64(number))
        }
        #expect(try connection.texts("SELECT LOWER(HEX(sha256)) FROM blobs") == [sha256])
        #expect(try connection.texts("SELECT CONCAT(size, store) FROM blobs") == ["7local"])
    }

    @Test("whether a content exists")
    func exists() throws {
        func exists() throws -> Bool {
            try connection.transaction { try BlobRepository($0).findForUpdate(sha256) != nil }
        }
        #expect(try !exists())
        try reference()
        #expect(try exists())
    }
}
