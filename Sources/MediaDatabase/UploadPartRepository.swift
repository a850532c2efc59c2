package import MediaCore

/// Parts of uploads that lie in a store elsewhere.
package struct UploadPartRepository {
    package struct Part: Equatable, Sendable {
        /// The place of its first byte in the file.
        package var start: Int64
        /// Bytes.
        package var length: Int64
        /// 64 hexadecimal digits.
        package var sha256: String
        package var place: BlobPlace

        package init(start: Int64, length: Int64, sha256: String, place: BlobPlace) {
            self.start = start
            self.length = length
            self.sha256 = sha256
            self.place = place
        }
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func add(_ part: Part, of upload: MediaID) throws(MariaDBError) {
        try connection.execute(
            "INSERT INTO upload_parts (upload_id, start, length, sha256, store, token) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .text(upload), .integer(part.start), .integer(part.length), .bytes(Hex.decode(part.sha256) ?? []),
                .text(part.place.store), .text(part.place.token),
            ])
    }

    /// Those of an upload, in their order.
    package func parts(of upload: MediaID) throws(MariaDBError) -> [Part] {
        try connection.query(
            "SELECT start, length, sha256, store, token FROM upload_parts WHERE upload_id = ? ORDER BY start",
            [.text(upload)]
        ) { (row) throws(MariaDBError) in
            Part(
                start: try row.integer(0), length: try row.integer(1), sha256: Hex.encode(try row.bytes(2)),
                place: BlobPlace(store: try row.text(3), token: try row.text(4)))
        }
    }

    /// Whether a part lies there.
    package func contains(_ sha256: String, _ place: BlobPlace) throws(MariaDBError) -> Bool {
        try !connection.query(
            "SELECT 1 FROM upload_parts WHERE sha256 = ? AND store = ? AND token = ? LIMIT 1",
            [.bytes(Hex.decode(sha256) ?? []), .text(place.store), .text(place.token)]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.isEmpty
    }

    /// Forgets those of an upload, and notes that they are to be removed.
    package func drop(_ upload: MediaID, now: Timestamp) throws(MariaDBError) {
        let parts = try parts(of: upload)
        if parts.isEmpty { return }
        for part in parts { try BlobRemovalRepository(connection).add(part.sha256, part.place, due: now) }
        try connection.execute("DELETE FROM upload_parts WHERE upload_id = ?", [.text(upload)])
    }
}
