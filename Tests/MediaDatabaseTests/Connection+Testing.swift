import MediaDatabase

extension Connection {
    /// One statement in a transaction of its own.
    @discardableResult
    func write(_ sql: String, _ parameters: [Value] = []) throws -> Int {
        try transaction { try $0.execute(sql, parameters) }
    }

    /// The first column of the first row, a number.
    func number(_ sql: String, _ parameters: [Value] = []) throws(MariaDBError) -> Int64? {
        try query(sql, parameters) { (row) throws(MariaDBError) in try row.integer(0) }.first
    }

    /// The first column of all rows, texts.
    func texts(_ sql: String, _ parameters: [Value] = []) throws(MariaDBError) -> [String] {
        try query(sql, parameters) { (row) throws(MariaDBError) in try row.text(0) }
    }

    /// The server's number for this connection.
    func serverID() throws(MariaDBError) -> Int64? { try number("SELECT CONNECTION_ID()") }
}
