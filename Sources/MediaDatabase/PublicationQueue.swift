package import MediaCore

/// Records whose public link may not fit them yet.
///
/// The note is written in the transaction that changes a record and removed once the link was made or taken away, so a
/// crash in between leaves a note and not a wrong link.
package struct PublicationQueue {
    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// A note that is there stays, and is written all the same, so that on another node of a cluster nobody takes it away meanwhile.
    package func add(_ id: MediaID, now: Timestamp) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO publications (media_id, created_at) VALUES (?, ?)
            ON DUPLICATE KEY UPDATE created_at = created_at - INTERVAL 1000 MICROSECOND
            """, [.text(id), .timestamp(now)])
    }

    /// Whether a record is noted; that doesn't change until the transaction ends.
    package func containsLocked(_ id: MediaID) throws(MariaDBError) -> Bool {
        try !connection.query("SELECT 1 FROM publications WHERE media_id = ? FOR UPDATE", [.text(id)]) {
            (row) throws(MariaDBError) in try row.integer(0)
        }.isEmpty
    }

    package func remove(_ id: MediaID) throws(MariaDBError) {
        try connection.execute("DELETE FROM publications WHERE media_id = ?", [.text(id)])
    }

    /// Up to `limit` records that were noted before `moment`, oldest first.
    package func entries(before moment: Timestamp, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            "SELECT media_id FROM publications WHERE created_at < ? ORDER BY created_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }
}
