import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Of what one transaction at a time decides.
struct TurnsTests {
    private let options: DatabaseOptions
    private let connection: Connection
    private let sha256 = "ab12" + String(repeating: "0", count: 60)

    init() throws {
        options = try PrivateMariaDB.shared().makeMigratedDatabase()
        connection = Connection(options)
    }

    private func take(_ subject: Turns.Subject) throws {
        try connection.transaction { try Turns($0).take(subject) }
    }

    private func turn(_ slot: Int64) throws -> Int64? {
        try connection.number("SELECT turn FROM turns WHERE slot = \(slot)")
    }

    @Test("each turn writes a row, which nodes of a cluster exclude each other by")
    func writes() throws {
        for count in 1...3 {
            try take(.content(sha256))
            #expect(try turn(0xAB12) == Int64(count))
        }
        // Contents of one slot share it, and no other kind has it.
        try take(.content("ab12" + String(repeating: "f", count: 60)))
        #expect(try turn(0xAB12) == 4)
        try take(.user("anybody"))
        try take(.publication(#require(MediaID("cjld2cjxh0000qzrmn831i7rn"))))
        #expect(try connection.number("SELECT COUNT(*) FROM turns WHERE slot >= 65536 AND slot < 196608") == 2)
        #expect(try turn(0xAB12) == 4)
    }

    @Test("slots are the same in every process")
    func slots() throws {
        // FNV-1a of "a" is e40c292c.
        try take(.user("a"))
        #expect(try turn(2 << 16 | (0xE40C ^ 0x292C)) == 1)
    }

    @Test("whoever comes second waits for the first")
    func waits() throws {
        var options = options
        options.answerTimeout = 2
        let other = Connection(options)
        try connection.transaction { connection in
            try Turns(connection).take(.content(sha256))
            let error = #expect(throws: MariaDBError.self) {
                try other.transaction { other in
                    try other.execute(
                        "SET STATEMENT innodb_lock_wait_timeout = 0 FOR UPDATE turns SET turn = turn WHERE slot = ?",
                        [.integer(0xAB12)])
                }
            }
            #expect(error?.code == .lockWaitTimeout)
        }
    }

    @Test("an upload that is placed here takes its content's turn, and one that is placed elsewhere doesn't")
    func ledger() throws {
        let id = try #require(MediaID("cjld2cjxh0000qzrmn831i7rn"))
        try connection.transaction {
            try UploadLedger($0).add(.init(mediaID: id, sha256: sha256), now: .init(milliseconds: 0))
        }
        #expect(try turn(0xAB12) == 1)
        try connection.transaction { connection in
            try UploadLedger(connection).remove(id)
            let elsewhere = UploadLedger.Entry(mediaID: id, sha256: sha256, place: .init(store: "s3", token: "t"))
            try UploadLedger(connection).add(elsewhere, now: .init(milliseconds: 0))
        }
        #expect(try turn(0xAB12) == 1)
    }
}
