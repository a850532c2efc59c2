package import MediaCore

/// What users' files take, and all files together.
package struct UsageRepository {
    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Adds to what a user's files take, and to the sum where it is kept.
    ///
    /// The user's row stays locked until the transaction ends, so no two of their uploads pass the same limit.
    package func add(_ change: Usage, of userID: String) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO user_usage (user_id, bytes, files) VALUES (?, ?, ?)
            ON DUPLICATE KEY UPDATE bytes = bytes + VALUES(bytes), files = files + VALUES(files)
            """, [.text(userID), .integer(change.bytes), .integer(change.files)])
        try connection.execute(
            "UPDATE total_usage SET bytes = bytes + ?, files = files + ? WHERE id = 1",
            [.integer(change.bytes), .integer(change.files)])
    }

    package func usage(of userID: String) throws(MariaDBError) -> Usage {
        try connection.query("SELECT bytes, files FROM user_usage WHERE user_id = ?", [.text(userID)], Self.usage).first
            ?? Usage()
    }

    /// The sum over all users, which is kept from the first time that it is asked for.
    package func total() throws(MariaDBError) -> Usage {
        let sql = "SELECT bytes, files FROM total_usage WHERE id = 1 FOR UPDATE"
        if let total = try connection.query(sql, [], Self.usage).first { return total }
        // Whoever has added to a user's row and not to this one yet waits for it, or this waits for them.
        try connection.execute("INSERT INTO total_usage (id, bytes, files) VALUES (1, 0, 0)")
        try connection.execute(
            """
            UPDATE total_usage SET bytes = (SELECT COALESCE(SUM(bytes), 0) FROM user_usage),
                files = (SELECT COALESCE(SUM(files), 0) FROM user_usage) WHERE id = 1
            """)
        return try connection.query(sql, [], Self.usage).first ?? Usage()
    }

    /// Ends keeping the sum, so that uploads no longer wait for its row.
    ///
    /// - Returns: how many rows went: 1 where it was kept.
    package func forgetTotal() throws(MariaDBError) -> Int {
        try connection.execute("DELETE FROM total_usage")
    }

    private static func usage(_ row: Row) throws(MariaDBError) -> Usage {
        Usage(bytes: try row.integer(0), files: try row.integer(1))
    }
}
