package import MediaCore

/// Which contents there are, where they lie, and how many records refer to each.
package struct BlobRepository {
    package struct Entry: Equatable, Sendable {
        /// 64 hexadecimal digits.
        package var sha256: String
        /// Bytes.
        package var size: Int64
        package var place: BlobPlace
        /// Where a second copy lies.
        package var replica: BlobPlace?
    }

    private static let columns = "sha256, size, store, token, replica_store, replica_token"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Counts one more record that refers to a content.
    ///
    /// - Parameters:
    ///   - sha256: 64 hexadecimal digits.
    ///   - place: where it lies if nothing has referred to it before.
    package func reference(sha256: String, size: Int64, place: BlobPlace, now: Timestamp) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO blobs (sha256, size, store, token, reference_count, created_at) VALUES (?, ?, ?, ?, 1, ?)
            ON DUPLICATE KEY UPDATE reference_count = reference_count + 1
            """,
            [
                .bytes(Hex.decode(sha256) ?? []), .integer(size), .text(place.store), .text(place.token),
                .timestamp(now),
            ])
    }

    /// The same of a content that lies in a place already.
    ///
    /// - Returns: false where it does no longer.
    package func reference(sha256: String, at place: BlobPlace) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE blobs SET reference_count = reference_count + 1 WHERE sha256 = ? AND store = ? AND token = ?",
            [.bytes(Hex.decode(sha256) ?? []), .text(place.store), .text(place.token)]) == 1
    }

    /// Counts one record less that refers to a content; with the last one its row goes. What lies elsewhere is noted to be removed.
    ///
    /// - Parameter notesLocal: also of what lies here, for callers that remove it after their transaction only.
    package func release(sha256: String, now: Timestamp, notesLocal: Bool = false) throws(MariaDBError) {
        let key = Value.bytes(Hex.decode(sha256) ?? [])
        try connection.execute("UPDATE blobs SET reference_count = reference_count - 1 WHERE sha256 = ?", [key])
        let ended = try connection.query(
            "SELECT \(Self.columns) FROM blobs WHERE sha256 = ? AND reference_count = 0", [key], Self.entry)
        guard let entry = ended.first else { return }
        try connection.execute("DELETE FROM blobs WHERE sha256 = ?", [key])
        for place in [entry.place, entry.replica].compactMap(\.self) {
            try BlobRemovalRepository(connection).add(sha256, place, due: now, evenHere: notesLocal)
        }
    }

    package func find(_ sha256: String) throws(MariaDBError) -> Entry? { try find(sha256, "") }

    /// The content, of which nothing changes until the transaction ends; nor that there is none.
    package func findForUpdate(_ sha256: String) throws(MariaDBError) -> Entry? { try find(sha256, " FOR UPDATE") }

    private func find(_ sha256: String, _ lock: String) throws(MariaDBError) -> Entry? {
        try connection.query(
            "SELECT \(Self.columns) FROM blobs WHERE sha256 = ?\(lock)", [.bytes(Hex.decode(sha256) ?? [])],
            Self.entry
        ).first
    }

    // MARK: Many

    /// Contents in a store, in the order of hashes.
    ///
    /// - Parameter sha256: behind which; nil: from the start.
    package func entries(
        in store: String, after sha256: String?, limit: Int
    ) throws(MariaDBError) -> [Entry] {
        try connection.query(
            "SELECT \(Self.columns) FROM blobs WHERE store = ? AND sha256 > ? ORDER BY sha256 LIMIT ?",
            [.text(store), .bytes(sha256.flatMap { Hex.decode($0) } ?? []), .integer(Int64(limit))], Self.entry)
    }

    /// Contents without a second copy, outside of a store.
    package func entriesWithoutReplica(
        outside store: String, after sha256: String?, limit: Int
    ) throws(MariaDBError) -> [Entry] {
        try connection.query(
            """
            SELECT \(Self.columns) FROM blobs WHERE replica_store IS NULL AND sha256 > ? AND store <> ?
            ORDER BY sha256 LIMIT ?
            """, [.bytes(sha256.flatMap { Hex.decode($0) } ?? []), .text(store), .integer(Int64(limit))], Self.entry)
    }

    /// How many contents lie in each store, first copies and second ones.
    package func counts() throws(MariaDBError) -> [String: Int64] {
        // By the indexes alone.
        let rows = try connection.query(
            """
            SELECT store, COUNT(*) FROM blobs GROUP BY store
            UNION ALL SELECT replica_store, COUNT(*) FROM blobs WHERE replica_store IS NOT NULL GROUP BY replica_store
            """
        ) { (row) throws(MariaDBError) in (try row.text(0), try row.integer(1)) }
        return Dictionary(rows, uniquingKeysWith: +)
    }

    /// How much lies in a store.
    package func sum(in store: String) throws(MariaDBError) -> Usage {
        try connection.query(
            "SELECT CAST(COALESCE(SUM(size), 0) AS INT), COUNT(*) FROM blobs WHERE store = ?", [.text(store)]
        ) { (row) throws(MariaDBError) in Usage(bytes: try row.integer(0), files: try row.integer(1)) }.first ?? Usage()
    }

    /// Notes that a content lies elsewhere now.
    ///
    /// - Returns: false where it no longer lay where it was thought to.
    package func move(_ sha256: String, from old: BlobPlace, to new: BlobPlace) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE blobs SET store = ?, token = ? WHERE sha256 = ? AND store = ? AND token = ?",
            [
                .text(new.store), .text(new.token), .bytes(Hex.decode(sha256) ?? []), .text(old.store),
                .text(old.token),
            ]) == 1
    }

    /// Notes where a content's second copy is.
    ///
    /// - Returns: false where there is no such content, or it has one already.
    package func setReplica(_ sha256: String, _ place: BlobPlace) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE blobs SET replica_store = ?, replica_token = ?
            WHERE sha256 = ? AND replica_store IS NULL AND store <> ?
            """,
            [.text(place.store), .text(place.token), .bytes(Hex.decode(sha256) ?? []), .text(place.store)]) == 1
    }

    /// Notes that a content has no second copy.
    package func clearReplica(_ sha256: String, _ place: BlobPlace) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE blobs SET replica_store = NULL, replica_token = NULL
            WHERE sha256 = ? AND replica_store = ? AND replica_token = ?
            """, [.bytes(Hex.decode(sha256) ?? []), .text(place.store), .text(place.token)]) == 1
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        var entry = Entry(
            sha256: Hex.encode(try row.bytes(0)), size: try row.integer(1),
            place: BlobPlace(store: try row.text(2), token: try row.text(3)))
        if let store = row.optionalText(4) { entry.replica = BlobPlace(store: store, token: row.optionalText(5) ?? "") }
        return entry
    }
}
