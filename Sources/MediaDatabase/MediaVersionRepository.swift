package import MediaCore

/// The files that records had before the ones they have.
package struct MediaVersionRepository {
    private static let columns = "number, original_name, mime_type, size, sha256, created_at"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// - Parameter version: what the record had until now; it keeps the reference to its blob.
    package func add(_ version: MediaVersion, of id: MediaID) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO media_versions (media_id, number, original_name, mime_type, size, sha256, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id), .integer(version.number), .text(version.originalName), .text(version.mimeType),
                .integer(version.size), .bytes(Hex.decode(version.sha256) ?? []), .timestamp(version.createdAt),
            ])
    }

    /// Those that can be restored, newest first.
    package func all(of id: MediaID) throws(MariaDBError) -> [MediaVersion] {
        try connection.query(
            "SELECT \(Self.columns) FROM media_versions WHERE media_id = ? AND expires_at IS NULL ORDER BY number DESC",
            [.text(id)], Self.version)
    }

    /// Hides a version and has it removed at a moment.
    ///
    /// - Returns: whether there was such a version.
    @discardableResult
    package func expire(_ number: Int64, of id: MediaID, at moment: Timestamp) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE media_versions SET expires_at = ? WHERE media_id = ? AND number = ? AND expires_at IS NULL",
            [.timestamp(moment), .text(id), .integer(number)]) > 0
    }

    /// Records with versions that are due to be removed.
    package func due(before moment: Timestamp, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            "SELECT DISTINCT media_id FROM media_versions WHERE expires_at < ? LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }

    /// Removes versions of a record, which is locked; their blobs' references are the caller's to give up.
    ///
    /// - Parameter moment: those that were due by then; nil: all.
    /// - Returns: what was removed.
    package func remove(of id: MediaID, dueBefore moment: Timestamp? = nil) throws(MariaDBError) -> [MediaVersion] {
        let condition = moment == nil ? "" : " AND expires_at < ?"
        let values = [.text(id)] + (moment.map { [Value.timestamp($0)] } ?? [])
        let removed = try connection.query(
            "SELECT \(Self.columns) FROM media_versions WHERE media_id = ?\(condition) FOR UPDATE", values, Self.version
        )
        if !removed.isEmpty {
            try connection.execute("DELETE FROM media_versions WHERE media_id = ?\(condition)", values)
        }
        return removed
    }

    private static func version(_ row: Row) throws(MariaDBError) -> MediaVersion {
        MediaVersion(
            number: try row.integer(0), originalName: try row.text(1), mimeType: try row.text(2),
            size: try row.integer(3), sha256: Hex.encode(try row.bytes(4)), createdAt: try row.timestamp(5))
    }
}
