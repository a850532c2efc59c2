import Foundation
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

struct TransactionTests {
    private struct Refusal: Error {}

    private let options: DatabaseOptions
    private let connection: Connection

    init() throws {
        options = try PrivateMariaDB.shared().makeDatabase()
        connection = Connection(options)
        try connection.run("CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL)")
        try connection.write("INSERT INTO t VALUES (1, 0), (2, 0)")
    }

    @Test("what throws is rolled back")
    func rollback() throws {
        #expect(throws: Refusal.self) {
            try connection.transaction { connection in
                try connection.execute("UPDATE t SET n = 5")
                throw Refusal()
            }
        }
        #expect(try connection.number("SELECT MAX(n) FROM t") == 0)
        try connection.write("UPDATE t SET n = 6")
        #expect(try connection.number("SELECT MIN(n) FROM t") == 6)
    }

    @Test("nobody else sees a transaction before its end")
    func isolation() throws {
        let other = Connection(options)
        try connection.transaction { connection in
            try connection.execute("UPDATE t SET n = 1 WHERE id = 1")
            #expect(try other.number("SELECT n FROM t WHERE id = 1") == 0)
        }
        #expect(try other.number("SELECT n FROM t WHERE id = 1") == 1)
    }

    @Test("a duplicate key is named and not tried again")
    func duplicate() throws {
        var runs = 0
        let error = #expect(throws: MariaDBError.self) {
            try connection.transaction { connection in
                runs += 1
                try connection.execute("INSERT INTO t VALUES (1, 1)")
            }
        }
        #expect(error?.code == .duplicateKey)
        #expect(runs == 1)
    }

    @Test("of two transactions in a deadlock both come to their end, one of them at its second try")
    func deadlock() throws {
        let meeting = Barrier(2)
        let runs = Atomic<Int>(0)
        let failures = Mutex<[String]>([])
        ThreadGroup.run(2) { [options] side in
            let connection = Connection(options)
            var isFirstRun = true
            do {
                try connection.transaction { connection in
                    runs.add(1, ordering: .relaxed)
                    try connection.execute("UPDATE t SET n = n + 1 WHERE id = ?", [.integer(side == 0 ? 1 : 2)])
                    // Both hold one row, and each now wants the other's.
                    if isFirstRun { meeting.arrive() }
                    isFirstRun = false
                    try connection.execute("UPDATE t SET n = n + 10 WHERE id = ?", [.integer(side == 0 ? 2 : 1)])
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(runs.load(ordering: .relaxed) == 3)
        #expect(try connection.texts("SELECT CAST(n AS CHAR) FROM t ORDER BY id") == ["11", "11"])
    }

    @Test("a row that stays locked is waited for, then tried again, and an end is found")
    func lockWait() throws {
        var short = options
        short.answerTimeout = 2
        let waiting = Connection(short)
        var retries: [MariaDBError] = []
        waiting.onRetry = { retries.append($0) }
        var runs = 0
        try connection.transaction { connection in
            try connection.execute("UPDATE t SET n = 1 WHERE id = 1")
            let error = #expect(throws: MariaDBError.self) {
                try waiting.transaction { waiting in
                    runs += 1
                    try waiting.execute("UPDATE t SET n = 2 WHERE id = 1")
                }
            }
            #expect(error?.code == .lockWaitTimeout)
        }
        #expect(runs > 1)
        #expect(retries.allSatisfy(\.isTransient) && retries.count == runs - 1)
        #expect(try waiting.write("UPDATE t SET n = 3 WHERE id = 1") == 1)
    }
}
