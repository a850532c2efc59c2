package import MediaCore

/// Which contents the store has, and how many records refer to each.
package struct BlobRepository {
    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Counts one more record that refers to a content.
    ///
    /// - Parameter sha256: 64 hexadecimal digits.
    package func reference(sha256: String, size: Int64, store: String, now: Timestamp) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO blobs (sha256, size, store, reference_count, created_at) VALUES (?, ?, ?, 1, ?)
            ON DUPLICATE KEY UPDATE reference_count = reference_count + 1
            """, [.bytes(Hex.decode(sha256) ?? []), .integer(size), .text(store), .timestamp(now)])
    }

    /// Counts one record less that refers to a content; with the last one its row goes.
    package func release(sha256: String) throws(MariaDBError) {
        let key = Value.bytes(Hex.decode(sha256) ?? [])
        try connection.execute("UPDATE blobs SET reference_count = reference_count - 1 WHERE sha256 = ?", [key])
        try connection.execute("DELETE FROM blobs WHERE sha256 = ? AND reference_count = 0", [key])
    }

    /// Whether a row for the content exists; neither that nor its absence changes until the transaction ends.
    package func existsLocked(sha256: String) throws(MariaDBError) -> Bool {
        try !connection.query(
            "SELECT 1 FROM blobs WHERE sha256 = ? FOR UPDATE", [.bytes(Hex.decode(sha256) ?? [])]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.isEmpty
    }
}
