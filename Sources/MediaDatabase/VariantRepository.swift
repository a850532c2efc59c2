package import MediaCore

/// What was made of records' files. Each refers to a blob; the references are the caller's to count.
package struct VariantRepository {
    package struct Entry: Equatable, Sendable {
        package var variant: MediaVariant
        /// 64 hexadecimal digits.
        package var sha256: String
        /// Whether it is for the service itself.
        package var isHidden: Bool

        package init(_ variant: MediaVariant, sha256: String, isHidden: Bool = false) {
            self.variant = variant
            self.sha256 = sha256
            self.isHidden = isHidden
        }
    }

    private static let columns = "name, extension, mime_type, size, width, height, duration, sha256, is_hidden"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// In the order in which they were made.
    package func all(of id: MediaID) throws(MariaDBError) -> [Entry] {
        try connection.query(
            "SELECT \(Self.columns) FROM variants WHERE media_id = ? ORDER BY created_at, name, extension", [.text(id)],
            Self.entry)
    }

    /// Those of one name that others may have.
    package func named(_ name: String, of id: MediaID) throws(MariaDBError) -> [Entry] {
        try connection.query(
            "SELECT \(Self.columns) FROM variants WHERE media_id = ? AND name = ? AND NOT is_hidden",
            [.text(id), .text(name)], Self.entry)
    }

    /// Adds one, in the place of one of the same name and format.
    package func put(_ entry: Entry, of id: MediaID, now: Timestamp) throws(MariaDBError) {
        let variant = entry.variant
        func number(_ value: Int64?) -> Value { value.map { .integer($0) } ?? .null }
        try connection.execute(
            """
            REPLACE INTO variants (media_id, name, extension, mime_type, size, width, height, duration, sha256, is_hidden,
                created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id), .text(variant.name), .text(variant.fileExtension), .text(variant.mimeType),
                .integer(variant.size), number(variant.width), number(variant.height), number(variant.duration),
                .bytes(Hex.decode(entry.sha256) ?? []), .bool(entry.isHidden), .timestamp(now),
            ])
    }

    package func remove(_ variant: MediaVariant, of id: MediaID) throws(MariaDBError) {
        try connection.execute(
            "DELETE FROM variants WHERE media_id = ? AND name = ? AND extension = ?",
            [.text(id), .text(variant.name), .text(variant.fileExtension)])
    }

    /// Removes all of a record, which is locked.
    ///
    /// - Returns: what was removed.
    package func removeAll(of id: MediaID) throws(MariaDBError) -> [Entry] {
        let removed = try all(of: id)
        if !removed.isEmpty { try connection.execute("DELETE FROM variants WHERE media_id = ?", [.text(id)]) }
        return removed
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        func number(_ column: Int) throws(MariaDBError) -> Int64? { row.isNull(column) ? nil : try row.integer(column) }
        let sha256 = Hex.encode(try row.bytes(7))
        var entry = Entry(
            MediaVariant(
                name: try row.text(0), fileExtension: try row.text(1), mimeType: try row.text(2),
                size: try row.integer(3), width: try number(4), height: try number(5), duration: try number(6)),
            sha256: sha256, isHidden: try row.bool(8))
        entry.variant.mark = String(sha256.prefix(8))
        return entry
    }
}
