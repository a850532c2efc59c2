package import MediaCore

/// The platform's API keys.
package struct APIKeyRepository {
    /// A key as it is stored: without its secret.
    package struct Entry: Equatable, Sendable {
        package var id: String
        /// SHA-256 of the secret, 32 bytes.
        package var secretHash: [UInt8]
        package var name: String
        package var scopes: Set<Scope>
        package var createdAt: Timestamp
        /// When it ends by itself; nil: never.
        package var expiresAt: Timestamp?
        package var revokedAt: Timestamp?
        /// To the minute.
        package var lastUsedAt: Timestamp?

        package init(
            id: String, secretHash: [UInt8], name: String, scopes: Set<Scope>, createdAt: Timestamp,
            expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil
        ) {
            self.id = id
            self.secretHash = secretHash
            self.name = name
            self.scopes = scopes
            self.createdAt = createdAt
            self.expiresAt = expiresAt
            self.revokedAt = revokedAt
            self.lastUsedAt = lastUsedAt
        }
    }

    private static let findWithFile = """
        SELECT \(MediaRepository.fileColumns), k.secret_sha256, k.scopes, k.expires_at
        FROM api_keys k LEFT JOIN media m ON m.id = ? WHERE k.id = ? AND k.revoked_at IS NULL
        """

    private static let columns = "id, secret_sha256, name, scopes, created_at, revoked_at, expires_at, last_used_at"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// What a request's key is checked against.
    package struct Credential: Equatable, Sendable {
        /// SHA-256 of the secret, 32 bytes.
        package var secretHash: [UInt8]
        package var scopes: Set<Scope>
        package var expiresAt: Timestamp?
    }

    /// The credential of a key that isn't revoked.
    package func findUsable(_ id: String) throws(MariaDBError) -> Credential? {
        try connection.query(
            "SELECT secret_sha256, scopes, expires_at FROM api_keys WHERE id = ? AND revoked_at IS NULL", [.text(id)]
        ) { (row) throws(MariaDBError) in try Self.credential(row, at: 0) }.first
    }

    /// The same, and with it what a download needs of a record, deleted or not: both at once take half as long as one after the other.
    package func findUsable(
        _ id: String, with media: MediaID
    ) throws(MariaDBError) -> (credential: Credential, file: MediaFile?)? {
        let behind = MediaRepository.fileColumnCount
        return try connection.query(
            Self.findWithFile, [.text(media), .text(id)]
        ) { (row) throws(MariaDBError) -> (credential: Credential, file: MediaFile?) in
            (try Self.credential(row, at: behind), row.isNull(0) ? nil : try MediaRepository.file(row))
        }.first
    }

    package func all() throws(MariaDBError) -> [Entry] {
        try connection.query("SELECT \(Self.columns) FROM api_keys ORDER BY created_at, id", [], Self.entry)
    }

    package func insert(_ entry: Entry) throws(MariaDBError) {
        let scopes = entry.scopes.map(\.rawValue).sorted().joined(separator: " ")
        try connection.execute(
            "INSERT INTO api_keys (id, secret_sha256, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .text(entry.id), .bytes(entry.secretHash), .text(entry.name), .text(scopes),
                .timestamp(entry.createdAt), entry.expiresAt.map(Value.timestamp) ?? .null,
            ])
    }

    /// - Returns: whether there was such a key in use.
    package func revoke(_ id: String, now: Timestamp) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [.timestamp(now), .text(id)]) == 1
    }

    package func setLastUsed(_ id: String, _ moment: Timestamp) throws(MariaDBError) {
        try connection.execute("UPDATE api_keys SET last_used_at = ? WHERE id = ?", [.timestamp(moment), .text(id)])
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        Entry(
            id: try row.text(0), secretHash: try row.bytes(1), name: try row.text(2),
            scopes: scopes(try row.text(3)),
            createdAt: try row.timestamp(4), expiresAt: row.optionalTimestamp(6), revokedAt: row.optionalTimestamp(5),
            lastUsedAt: row.optionalTimestamp(7))
    }

    /// - Parameter index: of the first of its columns.
    private static func credential(_ row: Row, at index: Int) throws(MariaDBError) -> Credential {
        Credential(
            secretHash: try row.bytes(index), scopes: scopes(try row.text(index + 1)),
            expiresAt: row.optionalTimestamp(index + 2))
    }

    /// The scopes that a text names. A scope of a newer version is no right here.
    private static func scopes(_ text: String) -> Set<Scope> {
        if text == allScopes.text { return allScopes.set }
        return Set(text.split(separator: " ").compactMap { Scope(rawValue: String($0)) })
    }

    /// What most keys have.
    private static let allScopes = (
        text: Scope.allCases.map(\.rawValue).sorted().joined(separator: " "), set: Set(Scope.allCases)
    )
}
