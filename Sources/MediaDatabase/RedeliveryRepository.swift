package import MediaCore

/// How often messages were begun anew that never came to an end.
package struct RedeliveryRepository {
    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Counts one more delivery.
    ///
    /// - Parameter digest: the message's SHA-256.
    /// - Returns: how many it were with this one.
    package func count(_ digest: [UInt8], now: Timestamp) throws(MariaDBError) -> Int {
        try connection.execute(
            """
            INSERT INTO redeliveries (digest, deliveries, last_at) VALUES (?, 1, ?)
            ON DUPLICATE KEY UPDATE deliveries = deliveries + 1, last_at = VALUES(last_at)
            """, [.bytes(digest), .timestamp(now)])
        let count = try connection.query("SELECT deliveries FROM redeliveries WHERE digest = ?", [.bytes(digest)]) {
            (row) throws(MariaDBError) in try row.integer(0)
        }.first
        return Int(count ?? 0)
    }

    /// Forgets a message that has come to an end.
    package func forget(_ digest: [UInt8]) throws(MariaDBError) {
        try connection.execute("DELETE FROM redeliveries WHERE digest = ?", [.bytes(digest)])
    }

    /// Forgets what last came before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func removeExpired(before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM redeliveries WHERE last_at < ? ORDER BY last_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))])
    }
}
