import MediaDatabase
import MediaTesting
import Testing

/// A server that goes away, hangs or is cut off. It has a server of its own, one test at a time.
@Suite(.serialized)
struct ConnectionLossTests {
    private static let server = Result { try PrivateMariaDB() }

    private let server: PrivateMariaDB
    private let options: DatabaseOptions
    private let connection: Connection

    init() throws {
        server = try Self.server.get()
        options = try server.makeDatabase()
        connection = Connection(options)
        try connection.run("CREATE TABLE t (n INT NOT NULL)")
    }

    /// Ends the connection from the server's side.
    private func disconnect() throws {
        let id = try #require(try connection.serverID())
        try Connection(PrivateMariaDB.root(server.socket)).run("KILL \(id)")
    }

    @Test("a read after the server has ended the connection is asked on a new one")
    func readAgain() throws {
        var retries = 0
        connection.onRetry = { _ in retries += 1 }
        let before = try connection.serverID()
        try disconnect()
        #expect(try connection.number("SELECT 1") == 1)
        #expect(try connection.serverID() != before)
        #expect(retries == 1)
    }

    @Test("reads and transactions go on after a restart of the server")
    func restart() throws {
        try connection.write("INSERT INTO t VALUES (1)")
        try server.restart()
        #expect(try connection.number("SELECT n FROM t") == 1)
        try server.restart()
        try connection.write("INSERT INTO t VALUES (2)")
        #expect(try connection.number("SELECT COUNT(*) FROM t") == 2)
    }

    @Test("a transaction whose connection is lost before its commit starts anew, once")
    func transactionAgain() throws {
        var runs = 0
        try connection.transaction { connection in
            runs += 1
            try connection.execute("INSERT INTO t VALUES (1)")
            if runs == 1 { try disconnect() }
            try connection.execute("INSERT INTO t VALUES (2)")
        }
        #expect(runs == 2)
        #expect(try connection.texts("SELECT CAST(n AS CHAR) FROM t ORDER BY n") == ["1", "2"])
        runs = 0
        #expect(throws: MariaDBError.self) {
            try connection.transaction { connection in
                runs += 1
                try disconnect()
                try connection.execute("INSERT INTO t VALUES (3)")
            }
        }
        #expect(runs == 2)
    }

    @Test("a read inside a transaction is not asked on another connection")
    func readInTransaction() throws {
        var runs = 0
        try connection.transaction { connection in
            runs += 1
            try connection.execute("INSERT INTO t VALUES (9)")
            if runs == 1 { try disconnect() }
            // On a new connection by itself it would not see the row.
            #expect(try connection.number("SELECT COUNT(*) FROM t") == 1)
        }
        #expect(runs == 2)
        #expect(try connection.number("SELECT COUNT(*) FROM t") == 1)
    }

    @Test("where nobody listens the error comes at once and says so")
    func down() throws {
        server.stop()
        defer { #expect(throws: Never.self) { try server.start() } }
        for _ in 0..<2 {
            var error: MariaDBError?
            let seconds = duration { error = #expect(throws: MariaDBError.self) { try connection.number("SELECT 1") } }
            #expect(error?.isConnectionLoss == true)
            #expect(seconds < 1)
        }
    }

    @Test("a server that hangs is given up after the time limit, and serves again afterwards")
    func hanging() throws {
        var short = options
        short.answerTimeout = 1
        let connection = Connection(short)
        #expect(try connection.number("SELECT 1") == 1)
        try server.pause()
        defer { server.resume() }
        var error: MariaDBError?
        let reading = duration { error = #expect(throws: MariaDBError.self) { try connection.number("SELECT 2") } }
        #expect(error?.isConnectionLoss == true)
        #expect(reading > 0.5 && reading < 3)
        // Right after that nobody is made to wait for it.
        let refused = duration { error = #expect(throws: MariaDBError.self) { try connection.number("SELECT 3") } }
        #expect(error?.code == .hanging && refused < 0.5)
        server.resume()
        #expect(eventually(within: 5) { (try? connection.number("SELECT 4")) == 4 })
    }

    @Test("a statement that runs too long is ended by the server")
    func slowStatement() throws {
        var short = options
        short.answerTimeout = 1
        let connection = Connection(short)
        var error: MariaDBError?
        let seconds = duration {
            error = #expect(throws: MariaDBError.self) {
                try connection.number("SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b")
            }
        }
        let isNamed = error.map { $0.code == .statementTimeout || $0.isConnectionLoss }
        #expect(isNamed == true, "\(String(describing: error))")
        #expect(seconds < 4)
        #expect(eventually(within: 5) { (try? connection.number("SELECT 1")) == 1 })
    }
}
