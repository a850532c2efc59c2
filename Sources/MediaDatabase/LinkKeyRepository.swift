package import MediaCore

/// The keys that signed links are signed with; their secrets are not in the database.
package struct LinkKeyRepository {
    package struct Entry: Equatable, Sendable {
        package var id: String
        /// Which secret setting the key's secret is derived from, 8 bytes.
        package var fingerprint: [UInt8]
        package var createdAt: Timestamp
        /// From when on it signs no more.
        package var retiredAt: Timestamp?
        /// From when on no link of it holds.
        package var revokedAt: Timestamp?

        package init(
            id: String, fingerprint: [UInt8], createdAt: Timestamp, retiredAt: Timestamp? = nil,
            revokedAt: Timestamp? = nil
        ) {
            self.id = id
            self.fingerprint = fingerprint
            self.createdAt = createdAt
            self.retiredAt = retiredAt
            self.revokedAt = revokedAt
        }
    }

    private static let columns = "id, secret_fingerprint, created_at, retired_at, revoked_at"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func all() throws(MariaDBError) -> [Entry] {
        try connection.query("SELECT \(Self.columns) FROM link_keys ORDER BY created_at, id", [], Self.entry)
    }

    /// The key that signs: the newest one of a secret that is neither retired nor revoked.
    ///
    /// - Parameter isLocked: whether nobody can make another one until the transaction ends.
    package func signing(fingerprint: [UInt8], isLocked: Bool = false) throws(MariaDBError) -> Entry? {
        try connection.query(
            """
            SELECT \(Self.columns) FROM link_keys
            WHERE secret_fingerprint = ? AND retired_at IS NULL AND revoked_at IS NULL
            ORDER BY created_at DESC, id DESC LIMIT 1\(isLocked ? " FOR UPDATE" : "")
            """, [.bytes(fingerprint)], Self.entry
        ).first
    }

    package func insert(_ entry: Entry) throws(MariaDBError) {
        try connection.execute(
            "INSERT INTO link_keys (id, secret_fingerprint, created_at) VALUES (?, ?, ?)",
            [.text(entry.id), .bytes(entry.fingerprint), .timestamp(entry.createdAt)])
    }

    /// Ends the signing of all keys but one.
    package func retireAll(but id: String, now: Timestamp) throws(MariaDBError) {
        try connection.execute(
            "UPDATE link_keys SET retired_at = ? WHERE retired_at IS NULL AND id <> ?", [.timestamp(now), .text(id)])
    }

    /// Ends all links of a key.
    ///
    /// - Returns: whether there was such a key.
    package func revoke(_ id: String, now: Timestamp) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE link_keys SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?", [.timestamp(now), .text(id)]) == 1
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        Entry(
            id: try row.text(0), fingerprint: try row.bytes(1), createdAt: try row.timestamp(2),
            retiredAt: row.optionalTimestamp(3), revokedAt: row.optionalTimestamp(4))
    }
}
