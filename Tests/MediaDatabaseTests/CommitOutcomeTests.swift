import MediaDatabase
import MediaTesting
import Testing

/// The commit's answer is the one answer whose loss leaves something open.
struct CommitOutcomeTests {
    private let options: DatabaseOptions
    private let direct: Connection

    init() throws {
        options = try PrivateMariaDB.shared().makeDatabase()
        direct = Connection(options)
        try direct.run("CREATE TABLE t (n INT NOT NULL)")
    }

    @Test("a commit that was carried out and whose answer is lost is not repeated", arguments: [true, false])
    func lostAnswer(isForwarded: Bool) throws {
        let proxy = try CuttingProxy(to: try #require(options.socket), word: "COMMIT", isForwarded: isForwarded)
        var through = options
        through.socket = proxy.path
        let connection = Connection(through)
        var runs = 0
        let error = #expect(throws: MariaDBError.self) {
            try connection.transaction { connection in
                runs += 1
                try connection.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(error?.code == .outcomeUnknown)
        #expect(runs == 1)
        let expected: Int64 = isForwarded ? 1 : 0
        #expect(try eventually(within: 5) { try direct.number("SELECT COUNT(*) FROM t") == expected })
        // The connection serves on, through a proxy that cuts no more.
        #expect(try connection.number("SELECT COUNT(*) FROM t") == expected)
        try connection.write("INSERT INTO t VALUES (2)")
        #expect(try direct.number("SELECT COUNT(*) FROM t") == expected + 1)
    }

    @Test("a connection cut at the start of a transaction does no harm")
    func cutAtStart() throws {
        let proxy = try CuttingProxy(to: try #require(options.socket), word: "START TRANSACTION", isForwarded: true)
        var through = options
        through.socket = proxy.path
        let connection = Connection(through)
        try connection.write("INSERT INTO t VALUES (1)")
        #expect(try direct.number("SELECT COUNT(*) FROM t") == 1)
    }

    @Test("a connection cut at a write repeats the whole transaction")
    func cutAtWrite() throws {
        let proxy = try CuttingProxy(to: try #require(options.socket), word: "INSERT INTO t", isForwarded: true)
        var through = options
        through.socket = proxy.path
        let connection = Connection(through)
        try connection.write("INSERT INTO t VALUES (1)")
        #expect(try direct.number("SELECT COUNT(*) FROM t") == 1)
    }
}
