import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct PublicationQueueTests {
    private let connection: Connection
    private let queue: PublicationQueue
    private var records: Records

    init() throws {
        connection = Connection(try PrivateMariaDB.shared().makeMigratedDatabase())
        queue = PublicationQueue(connection)
        records = Records(connection)
    }

    private func add(_ id: MediaID, at milliseconds: Int64) throws {
        try connection.transaction { try PublicationQueue($0).add(id, now: Timestamp(milliseconds: milliseconds)) }
    }

    private func due(_ milliseconds: Int64) throws -> [MediaID] {
        try queue.entries(before: Timestamp(milliseconds: milliseconds), limit: 10)
    }

    @Test("notes older than a moment, oldest first")
    mutating func due() throws {
        let ids = [records.make().id, records.make().id]
        try add(ids[0], at: 2000)
        try add(ids[1], at: 1000)
        #expect(try due(1000) == [])
        #expect(try due(1001) == [ids[1]])
        #expect(try due(2001) == [ids[1], ids[0]])
    }

    @Test("a record that is noted twice is one note, as old as the first, and gone when it is settled")
    mutating func again() throws {
        let id = records.make().id
        try add(id, at: 1000)
        try add(id, at: 5000)
        #expect(try due(1001) == [id])
        try connection.transaction { try PublicationQueue($0).remove(id) }
        #expect(try due(9000) == [])
        try connection.transaction { try PublicationQueue($0).remove(id) }
    }
}
