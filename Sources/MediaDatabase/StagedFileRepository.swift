package import MediaCore

/// Files that were uploaded before anybody said whose they are.
package struct StagedFileRepository {
    package struct Entry: Equatable, Sendable {
        /// The id of the record that the file becomes.
        package var id: MediaID
        /// 64 hexadecimal digits.
        package var sha256: String
        /// Bytes.
        package var size: Int64
        /// The detected type.
        package var mimeType: String
        package var originalName: String
        /// `Caller.name` of who uploaded it.
        package var createdBy: String
        package var createdAt: Timestamp

        package init(
            id: MediaID, sha256: String, size: Int64, mimeType: String, originalName: String, createdBy: String,
            createdAt: Timestamp
        ) {
            self.id = id
            self.sha256 = sha256
            self.size = size
            self.mimeType = mimeType
            self.originalName = originalName
            self.createdBy = createdBy
            self.createdAt = createdAt
        }
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Adds a file, for whose content a reference was counted.
    package func add(_ entry: Entry) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO staged_files (id, sha256, size, mime_type, original_name, created_by, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(entry.id), .bytes(Hex.decode(entry.sha256) ?? []), .integer(entry.size), .text(entry.mimeType),
                .text(entry.originalName), .text(entry.createdBy), .timestamp(entry.createdAt),
            ])
    }

    package func find(_ id: MediaID) throws(MariaDBError) -> Entry? { try find(id, "") }

    /// The file, which nobody else can take or remove until the transaction ends.
    package func findForUpdate(_ id: MediaID) throws(MariaDBError) -> Entry? { try find(id, " FOR UPDATE") }

    private func find(_ id: MediaID, _ lock: String) throws(MariaDBError) -> Entry? {
        try connection.query(
            """
            SELECT id, sha256, size, mime_type, original_name, created_by, created_at FROM staged_files
            WHERE id = ?\(lock)
            """, [.text(id)]
        ) { (row) throws(MariaDBError) in
            Entry(
                id: try row.value(0) { MediaID($0) }, sha256: Hex.encode(try row.bytes(1)), size: try row.integer(2),
                mimeType: try row.text(3), originalName: try row.text(4), createdBy: try row.text(5),
                createdAt: try row.timestamp(6))
        }.first
    }

    /// Removes an entry; the content's reference is the caller's to take over or to give up.
    package func remove(_ id: MediaID) throws(MariaDBError) {
        try connection.execute("DELETE FROM staged_files WHERE id = ?", [.text(id)])
    }

    /// Files that were uploaded before `moment`, oldest first.
    package func entries(before moment: Timestamp, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            "SELECT id FROM staged_files WHERE created_at < ? ORDER BY created_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }
}
