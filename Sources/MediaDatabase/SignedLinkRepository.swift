package import MediaCore

/// The signed links that were made.
package struct SignedLinkRepository {
    /// A link as it is stored.
    package struct Entry: Equatable, Sendable {
        package var link: SignedLink
        /// The record's link epoch that its signature covers.
        package var epoch: Int64
        /// `Caller.name` of who made it.
        package var createdBy: String
        /// Whom it is for, where that was said.
        package var subject: String?
        package var createdAt: Timestamp
        /// How often it may be used; nil: any number of times.
        package var maxUses: Int64?
        package var uses: Int64
        package var revokedAt: Timestamp?

        package init(
            link: SignedLink, epoch: Int64, createdBy: String, subject: String?, createdAt: Timestamp,
            maxUses: Int64? = nil,
            uses: Int64 = 0, revokedAt: Timestamp? = nil
        ) {
            self.link = link
            self.epoch = epoch
            self.createdBy = createdBy
            self.subject = subject
            self.createdAt = createdAt
            self.maxUses = maxUses
            self.uses = uses
            self.revokedAt = revokedAt
        }
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Adds links; those that are there stay as they are.
    ///
    /// - Returns: how many weren't there.
    @discardableResult
    package func insert(_ entries: [Entry]) throws(MariaDBError) -> Int {
        var count = 0
        for part in entries.statementParts() {
            let rows = Array(repeating: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", count: part.count)
            // Counts 1 for a new row and 0 for one that is there, whatever the connection counts otherwise.
            count += try connection.execute(
                """
                INSERT IGNORE INTO signed_links (id, media_id, key_id, epoch, created_by, subject, created_at, expires_at,
                    network, download_name, max_uses, variant) VALUES \(rows.joined(separator: ", "))
                """, part.flatMap(Self.values))
        }
        return count
    }

    private static func values(_ entry: Entry) -> [Value] {
        let link = entry.link
        return [
            .text(link.linkID.rawValue), .text(link.mediaID), .text(link.keyID), .integer(entry.epoch),
            .text(entry.createdBy), .optional(entry.subject), .timestamp(entry.createdAt), .integer(link.expiresAt),
            .optional(link.network), .optional(link.downloadName), entry.maxUses.map(Value.integer) ?? .null,
            .optional(link.variant),
        ]
    }

    /// Which of the links are there, and whether they were revoked.
    package func known(_ ids: [LinkID]) throws(MariaDBError) -> [LinkID: Bool] {
        var known: [LinkID: Bool] = [:]
        for part in ids.statementParts() {
            let marks = Array(repeating: "?", count: part.count).joined(separator: ", ")
            let found = try connection.query(
                "SELECT id, revoked_at IS NOT NULL FROM signed_links WHERE id IN (\(marks))",
                part.map { .text($0.rawValue) }
            ) { (row) throws(MariaDBError) in (try row.value(0, LinkID.init), try row.bool(1)) }
            for (id, isRevoked) in found { known[id] = isRevoked }
        }
        return known
    }

    /// A file's links that could still be used, newest first.
    package func living(of id: MediaID, now: Timestamp, limit: Int) throws(MariaDBError) -> [Entry] {
        try connection.query(
            """
            SELECT l.id, l.media_id, l.key_id, l.epoch, l.created_by, l.created_at, l.expires_at, l.network,
                l.download_name, l.max_uses, l.uses, l.subject, l.variant
            FROM signed_links l JOIN media m ON m.id = l.media_id AND m.link_epoch = l.epoch
                JOIN link_keys k ON k.id = l.key_id AND k.revoked_at IS NULL
            WHERE l.media_id = ? AND l.revoked_at IS NULL AND l.expires_at > ?
                AND (l.max_uses IS NULL OR l.uses < l.max_uses)
            ORDER BY l.created_at DESC, l.id LIMIT ?
            """, [.text(id), .integer(now.milliseconds / 1000), .integer(Int64(limit))], Self.entry)
    }

    /// - Returns: whether there is such a link of the file.
    package func revoke(_ linkID: LinkID, of id: MediaID, now: Timestamp) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE signed_links SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ? AND media_id = ?",
            [.timestamp(now), .text(linkID.rawValue), .text(id)]) == 1
    }

    /// Ends all links of a file.
    package func revokeAll(of id: MediaID) throws(MariaDBError) {
        try connection.execute("UPDATE media SET link_epoch = link_epoch + 1 WHERE id = ?", [.text(id)])
    }

    /// Takes one use of a counted link, once for each request.
    ///
    /// - Returns: false where none is left.
    package func use(_ linkID: LinkID, requestID: String) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE signed_links SET uses = uses + IF(last_request <=> ?, 0, 1), last_request = ?
            WHERE id = ? AND (uses < max_uses OR last_request <=> ?) AND revoked_at IS NULL
            """, [.text(requestID), .text(requestID), .text(linkID.rawValue), .text(requestID)]) == 1
    }

    /// Removes links that ended before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func removeExpired(before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM signed_links WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
            [.integer(moment.milliseconds / 1000), .integer(Int64(limit))])
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        let maxUses = row.isNull(9) ? nil : try row.integer(9)
        let link = SignedLink(
            mediaID: try row.value(1) { MediaID($0) }, expiresAt: try row.integer(6), keyID: try row.text(2),
            linkID: try row.value(0, LinkID.init), variant: row.optionalText(12), network: row.optionalText(7),
            downloadName: row.optionalText(8), isCounted: maxUses != nil)
        return Entry(
            link: link, epoch: try row.integer(3), createdBy: try row.text(4), subject: row.optionalText(11),
            createdAt: try row.timestamp(5),
            maxUses: maxUses, uses: try row.integer(10))
    }
}
