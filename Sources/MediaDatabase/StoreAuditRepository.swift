package import MediaCore

/// What the tables say of the store, for whoever compares both.
package struct StoreAuditRepository {
    package struct Blob: Equatable, Sendable {
        package var sha256: String
        package var size: Int64
        /// As it is noted.
        package var count: Int64
        package var places: [BlobPlace]
    }

    private static let columns = "sha256, size, reference_count, store, token, replica_store, replica_token"

    /// All that refers to contents.
    private static let references = """
        SELECT sha256 FROM media WHERE sha256 IS NOT NULL AND sha256 >= ? AND sha256 <= ?
        UNION ALL SELECT sha256 FROM media_versions WHERE sha256 >= ? AND sha256 <= ?
        UNION ALL SELECT sha256 FROM staged_files WHERE sha256 >= ? AND sha256 <= ?
        UNION ALL SELECT sha256 FROM variants WHERE sha256 >= ? AND sha256 <= ?
        """

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    private static func range(_ prefix: [UInt8]) -> [Value] {
        let rest = 32 - prefix.count
        return [
            .bytes(prefix + [UInt8](repeating: 0, count: rest)), .bytes(prefix + [UInt8](repeating: 255, count: rest)),
        ]
    }

    /// The blobs whose hashes begin with some bytes.
    package func blobs(_ prefix: [UInt8]) throws(MariaDBError) -> [Blob] {
        try connection.query(
            "SELECT \(Self.columns) FROM blobs WHERE sha256 >= ? AND sha256 <= ?", Self.range(prefix),
            Self.blob)
    }

    /// A blob, locked until the transaction ends.
    package func blobLocked(_ sha256: String) throws(MariaDBError) -> Blob? {
        try connection.query(
            "SELECT \(Self.columns) FROM blobs WHERE sha256 = ? FOR UPDATE",
            [.bytes(Hex.decode(sha256) ?? [])], Self.blob
        ).first
    }

    /// How many references there are, by hash.
    package func counts(_ prefix: [UInt8]) throws(MariaDBError) -> [String: Int64] {
        let range = Self.range(prefix)
        let rows = try connection.query(
            "SELECT sha256, COUNT(*) FROM (\(Self.references)) r GROUP BY sha256", range + range + range + range
        ) { (row) throws(MariaDBError) in (Hex.encode(try row.bytes(0)), try row.integer(1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    package func setCount(_ sha256: String, _ count: Int64) throws(MariaDBError) {
        try connection.execute(
            "UPDATE blobs SET reference_count = ? WHERE sha256 = ?",
            [.integer(count), .bytes(Hex.decode(sha256) ?? [])])
    }

    /// Up to ten records that have a content, now or earlier.
    package func records(of sha256: String) throws(MariaDBError) -> [String] {
        let hash = Value.bytes(Hex.decode(sha256) ?? [])
        return try connection.query(
            """
            SELECT id FROM media WHERE sha256 = ? UNION SELECT media_id FROM media_versions WHERE sha256 = ?
            UNION SELECT media_id FROM variants WHERE sha256 = ? LIMIT 10
            """, [hash, hash, hash]
        ) { (row) throws(MariaDBError) in try row.text(0) }
    }

    /// The public records behind an id, in the order of ids, with the names of their links, and whether there is one: of what lies
    /// elsewhere there is none; and whether there may be others.
    package func published(
        after id: String, limit: Int
    ) throws(MariaDBError) -> [(id: MediaID, name: String, isHere: Bool, hasMore: Bool)] {
        try connection.query(
            """
            SELECT m.id, m.public_name, b.store = 'local', m.variants IS NOT NULL OR m.shown_sha256 IS NOT NULL
            FROM media m JOIN blobs b ON b.sha256 = m.sha256
            WHERE m.id > ? AND m.is_public AND m.status = 'READY' ORDER BY m.id LIMIT ?
            """, [.text(id), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in
            (
                id: try row.value(0) { MediaID($0) }, name: try row.text(1), isHere: try row.bool(2),
                hasMore: try row.bool(3)
            )
        }
    }

    /// Users whose files are counted as something else than they are.
    package func wrongUsage() throws(MariaDBError) -> [(userID: String, counted: Usage, taken: Usage)] {
        try connection.query(
            """
            SELECT u.user_id, u.bytes, u.files, CAST(COALESCE(t.bytes, 0) AS INT), COALESCE(t.files, 0) FROM user_usage u
            LEFT JOIN (
                SELECT m.user_id, SUM(IF(m.sha256 IS NULL, 0, m.size) + COALESCE(v.size, 0)) AS bytes, COUNT(*) AS files
                FROM media m
                LEFT JOIN (SELECT media_id, SUM(size) AS size FROM media_versions GROUP BY media_id) v ON v.media_id = m.id
                GROUP BY m.user_id
            ) t ON t.user_id = u.user_id
            WHERE u.bytes <> COALESCE(t.bytes, 0) OR u.files <> COALESCE(t.files, 0)
            """
        ) { (row) throws(MariaDBError) in
            (
                userID: try row.text(0), counted: Usage(bytes: try row.integer(1), files: try row.integer(2)),
                taken: Usage(bytes: try row.integer(3), files: try row.integer(4))
            )
        }
    }

    private static func blob(_ row: Row) throws(MariaDBError) -> Blob {
        var places = [BlobPlace(store: try row.text(3), token: try row.text(4))]
        if let store = row.optionalText(5) { places.append(BlobPlace(store: store, token: row.optionalText(6) ?? "")) }
        return Blob(
            sha256: Hex.encode(try row.bytes(0)), size: try row.integer(1), count: try row.integer(2), places: places)
    }
}
