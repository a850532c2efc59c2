import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// What goes into a statement comes out of it.
struct StatementTests {
    private let connection: Connection

    init() throws {
        connection = Connection(try PrivateMariaDB.shared().makeDatabase())
        try connection.run(
            """
            CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, i BIGINT, u BIGINT UNSIGNED, b BOOLEAN,
            s VARCHAR(255), x LONGTEXT, y LONGBLOB, d DATETIME(3), e ENUM('IMAGE', 'VIDEO')) CHARSET utf8mb4
            """)
    }

    @Test("integers at their limits", arguments: [0, 1, -1, .min, .max] as [Int64])
    func integer(value: Int64) throws {
        try connection.write("INSERT INTO t (i) VALUES (?)", [.integer(value)])
        #expect(try connection.number("SELECT i FROM t") == value)
    }

    @Test("a number of a small column arrives whole", arguments: ["TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"])
    func width(type: String) throws {
        try connection.run("CREATE TABLE w (v \(type))")
        try connection.write("INSERT INTO w VALUES (?)", [.integer(-128)])
        #expect(try connection.number("SELECT v FROM w") == -128)
    }

    @Test("booleans", arguments: [true, false])
    func bool(value: Bool) throws {
        try connection.write("INSERT INTO t (b) VALUES (?)", [.bool(value)])
        let read = try connection.query("SELECT b FROM t") { (row) throws(MariaDBError) in try row.bool(0) }
        #expect(read == [value])
    }

    @Test(
        "texts of every length around the buffer's",
        arguments: [0, 1, 15, 16, 17, 1023, 1024, 1025, 4096, 100_000])
    func text(length: Int) throws {
        let text = String(repeating: "x", count: length)
        try connection.write("INSERT INTO t (x, y) VALUES (?, ?)", [.text(text), .bytes(Samples.filler(length))])
        let rows = try connection.query("SELECT x, y FROM t") { (row) throws(MariaDBError) in
            (try row.text(0), try row.bytes(1))
        }
        #expect(rows.first?.0 == text)
        #expect(rows.first?.1 == Samples.filler(length))
    }

    @Test(
        "text beyond ASCII, quotes and NUL", arguments: ["Grüße 👩‍🎓 中文", "'; DROP TABLE t; --", "\\ \" \0 \u{1A}", "🎬"])
    func unicode(text: String) throws {
        try connection.write("INSERT INTO t (s) VALUES (?)", [.text(text)])
        #expect(try connection.texts("SELECT s FROM t") == [text])
        #expect(try connection.number("SELECT COUNT(*) FROM t WHERE s = ?", [.text(text)]) == 1)
    }

    @Test("long and short rows in one result keep their own values")
    func mixedLengths() throws {
        let texts = [2000, 1, 5000, 0, 1025, 3].map { String(repeating: Character("\($0 % 10)"), count: $0) }
        for text in texts { try connection.write("INSERT INTO t (x) VALUES (?)", [.text(text)]) }
        #expect(try connection.texts("SELECT x FROM t ORDER BY id") == texts)
    }

    @Test(
        "moments to the millisecond, in UTC whatever the server's zone",
        arguments: [0, 1, 999, 1_769_850_300_042, 253_402_300_799_999] as [Int64])
    func moment(milliseconds: Int64) throws {
        let moment = Timestamp(milliseconds: milliseconds)
        try connection.write("INSERT INTO t (d) VALUES (?)", [.timestamp(moment)])
        let read = try connection.query("SELECT d, CAST(d AS CHAR) FROM t") { (row) throws(MariaDBError) in
            (try row.timestamp(0), try row.text(1))
        }
        #expect(read.first?.0 == moment)
        #expect(read.first?.1 == String(moment.iso8601.dropLast()).replacing("T", with: " "))
    }

    @Test("NULL is told from every value, and asking it for one is an error")
    func null() throws {
        try connection.write("INSERT INTO t (i, s, d) VALUES (?, ?, ?)", [.null, .optional(nil), .null])
        try connection.write("INSERT INTO t (i, s, d) VALUES (0, '', '1970-01-01')")
        let rows = try connection.query("SELECT i, s, d FROM t ORDER BY id") { row in
            ((0..<3).map { row.isNull($0) }, row.optionalText(1), row.optionalTimestamp(2))
        }
        #expect(rows[0].0 == [true, true, true])
        #expect(rows[0].1 == nil && rows[0].2 == nil)
        #expect(rows[1].0 == [false, false, false])
        #expect(rows[1].1 == "" && rows[1].2 == Timestamp(milliseconds: 0))
        let error = #expect(throws: MariaDBError.self) { try connection.number("SELECT i FROM t WHERE i IS NULL") }
        #expect(error?.code == .unexpectedValue)
        #expect(error?.message == "column i holds NULL")
    }

    @Test("a value that its type doesn't have is an error")
    func unknownValue() throws {
        try connection.write("INSERT INTO t (e) VALUES ('VIDEO')")
        let error = #expect(throws: MariaDBError.self) {
            try connection.query("SELECT e FROM t") { (row) throws(MariaDBError) in
                try row.value(0) { $0 == "IMAGE" ? 1 : nil }
            }
        }
        #expect(error?.message == "column e holds 'VIDEO'")
    }

    @Test("strict mode: what doesn't fit is refused, not cut")
    func strict() throws {
        #expect(throws: MariaDBError.self) {
            try connection.write("INSERT INTO t (s) VALUES (?)", [.text(String(repeating: "x", count: 256))])
        }
        #expect(throws: MariaDBError.self) { try connection.write("INSERT INTO t (e) VALUES ('NONE')") }
        #expect(try connection.number("SELECT COUNT(*) FROM t") == 0)
    }

    @Test("a statement used again gets new parameters, larger and smaller ones")
    func reuse() throws {
        for length in [1, 5000, 2, 0, 10000] {
            let text = String(repeating: "y", count: length)
            #expect(try connection.texts("SELECT CONCAT(?, '')", [.text(text)]) == [text])
        }
        #expect(try connection.query("SELECT ?", [.null]) { $0.isNull(0) } == [true])
    }

    @Test("a statement is prepared once on a connection")
    func preparedOnce() throws {
        func prepared() throws -> Int64 {
            try #require(
                try connection.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'") { (row) throws(MariaDBError) in
                    Int64(try row.text(1)) ?? -1
                }.first)
        }
        _ = try prepared()
        let before = try prepared()
        for number in 0..<20 {
            #expect(try connection.number("SELECT CAST(? AS INT) + 1", [.integer(Int64(number))]) == Int64(number) + 1)
        }
        #expect(try prepared() == before + 1)
    }

    @Test("a write tells how many rows it matched, changed or not")
    func matchedRows() throws {
        for _ in 0..<3 { try connection.write("INSERT INTO t (i) VALUES (7)") }
        #expect(try connection.write("UPDATE t SET i = ?", [.integer(7)]) == 3)
        #expect(try connection.write("DELETE FROM t WHERE i = 8") == 0)
    }

    @Test("a rejected statement leaves the connection usable")
    func afterError() throws {
        let error = #expect(throws: MariaDBError.self) { try connection.number("SELECT * FROM nothing") }
        #expect(error?.code == .noSuchTable)
        #expect(error?.isConnectionLoss == false)
        #expect(try connection.number("SELECT 1") == 1)
    }

    @Test("an error that comes behind the first rows is named too")
    func errorBehindRows() throws {
        for number in [2, 1] as [Int64] { try connection.write("INSERT INTO t (i) VALUES (?)", [.integer(number)]) }
        let error = #expect(throws: MariaDBError.self) {
            try connection.number("SELECT (SELECT i FROM t WHERE i >= x.i) FROM t x")
        }
        // ER_SUBQUERY_NO_1_ROW
        #expect(error?.code.rawValue == 1242, "\(String(describing: error))")
        #expect(try connection.number("SELECT 1") == 1)
    }
}
