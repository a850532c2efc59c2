import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct UploadLedgerTests {
    private let connection: Connection
    private let ledger: UploadLedger
    private var records: Records

    init() throws {
        connection = Connection(try PrivateMariaDB.shared().makeMigratedDatabase())
        ledger = UploadLedger(connection)
        records = Records(connection)
    }

    private mutating func entry(sha256: String? = nil) -> UploadLedger.Entry {
        let media = records.make()
        return UploadLedger.Entry(mediaID: media.id, sha256: sha256 ?? media.sha256 ?? "")
    }

    private func add(_ entry: UploadLedger.Entry, at milliseconds: Int64) throws {
        try connection.transaction { try UploadLedger($0).add(entry, now: Timestamp(milliseconds: milliseconds)) }
    }

    @Test("entries older than a moment, oldest first, up to a limit")
    mutating func due() throws {
        let entries = [entry(), entry(), entry()]
        for (entry, moment) in zip(entries, [3000, 1000, 2000] as [Int64]) { try add(entry, at: moment) }
        func due(_ moment: Int64, _ limit: Int = 10) throws -> [UploadLedger.Entry] {
            try ledger.entries(before: Timestamp(milliseconds: moment), limit: limit)
        }
        #expect(try due(1000) == [])
        #expect(try due(1001) == [entries[1]])
        #expect(try due(9000) == [entries[1], entries[2], entries[0]])
        #expect(try due(9000, 2) == [entries[1], entries[2]])
    }

    @Test("an entry is removed once")
    mutating func remove() throws {
        let entry = entry()
        try add(entry, at: 0)
        #expect(try connection.transaction { try UploadLedger($0).remove(entry.mediaID) })
        #expect(try !connection.transaction { try UploadLedger($0).remove(entry.mediaID) })
        #expect(try ledger.entries(before: Timestamp(milliseconds: 1), limit: 1) == [])
    }

    @Test("an entry with a content is seen until it is removed")
    mutating func content() throws {
        let entry = entry()
        func hasContent() throws -> Bool {
            try connection.transaction { try !UploadLedger($0).placesLocked(entry.sha256).isEmpty }
        }
        #expect(try !hasContent())
        try add(entry, at: 0)
        #expect(try hasContent())
        try connection.transaction { _ = try UploadLedger($0).remove(entry.mediaID) }
        #expect(try !hasContent())
    }
}
