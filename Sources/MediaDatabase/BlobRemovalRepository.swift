package import MediaCore

/// Blobs that are to be removed: those in stores elsewhere, and of those here what goes after the transaction that gives it up.
package struct BlobRemovalRepository {
    package struct Entry: Equatable, Sendable {
        package var id: Int64
        /// 64 hexadecimal digits.
        package var sha256: String
        package var place: BlobPlace
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Notes a blob.
    ///
    /// - Parameter evenHere: also one in the store that the service works in, which is mostly removed together with its last
    ///   reference.
    package func add(
        _ sha256: String, _ place: BlobPlace, due: Timestamp, evenHere: Bool = false
    ) throws(MariaDBError) {
        guard evenHere || !place.isLocal else { return }
        try connection.execute(
            "INSERT INTO blob_removals (store, sha256, token, due_at) VALUES (?, ?, ?, ?)",
            [.text(place.store), .bytes(Hex.decode(sha256) ?? []), .text(place.token), .timestamp(due)])
    }

    /// What is to be removed by now, the oldest first.
    package func due(_ now: Timestamp, after id: Int64 = 0, limit: Int) throws(MariaDBError) -> [Entry] {
        try connection.query(
            "SELECT id, store, sha256, token FROM blob_removals WHERE due_at <= ? AND id > ? ORDER BY id LIMIT ?",
            [.timestamp(now), .integer(id), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in
            Entry(
                id: try row.integer(0), sha256: Hex.encode(try row.bytes(2)),
                place: BlobPlace(store: try row.text(1), token: try row.text(3)))
        }
    }

    package func contains(_ sha256: String, _ place: BlobPlace) throws(MariaDBError) -> Bool {
        try !connection.query(
            "SELECT 1 FROM blob_removals WHERE store = ? AND sha256 = ? AND token = ? LIMIT 1",
            [.text(place.store), .bytes(Hex.decode(sha256) ?? []), .text(place.token)]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.isEmpty
    }

    package func remove(_ id: Int64) throws(MariaDBError) {
        try connection.execute("DELETE FROM blob_removals WHERE id = ?", [.integer(id)])
    }
}
