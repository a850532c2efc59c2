package import MediaCore

/// Files that arrive piece by piece, and who is at which of them.
///
/// Leases end by the server's clock, which all hosts share.
package struct ResumableUploadRepository {
    package struct Entry: Equatable, Sendable {
        package enum Kind: String, Sendable {
            case whole, partial, final
            /// Its bytes are fetched by a job with the same id.
            case fetched = "import"
            /// Its bytes are put into a store elsewhere by its sender.
            case direct
        }

        package var id: MediaID
        /// `Caller.name`.
        package var caller: String
        package var userID: String
        package var kind: Kind
        package var description: JSON
        /// The uploads that a final one is put together from.
        package var parts: [MediaID]
        /// Bytes; nil where that isn't said yet.
        package var length: Int64?
        /// Bytes that are durable.
        package var position: Int64
        /// The host's boot in which they were written.
        package var boot: [UInt8]?
        package var createdAt: Timestamp
        package var expiresAt: Timestamp
        /// The record that it has become.
        package var mediaID: MediaID?
        /// Why it has become none.
        package var failure: JSON?

        package init(
            id: MediaID, caller: String, userID: String, kind: Kind, description: JSON, parts: [MediaID] = [],
            length: Int64?, createdAt: Timestamp, expiresAt: Timestamp
        ) {
            self.id = id
            self.caller = caller
            self.userID = userID
            self.kind = kind
            self.description = description
            self.parts = parts
            self.length = length
            position = 0
            self.createdAt = createdAt
            self.expiresAt = expiresAt
        }

        package var isComplete: Bool { position == length }
        package var isEnded: Bool { mediaID != nil || failure != nil }
    }

    private static let columns = """
        id, caller, user_id, kind, description, parts, length, position, boot, created_at, expires_at, media_id, failure
        """

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func insert(_ entry: Entry) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO resumable_uploads (id, caller, user_id, kind, description, parts, length, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(entry.id), .text(entry.caller), .text(entry.userID), .text(entry.kind.rawValue),
                .text(entry.description.text),
                entry.parts.isEmpty ? .null : .text(JSON.array(entry.parts.map { .string($0.rawValue) }).text),
                entry.length.map(Value.integer) ?? .null, .timestamp(entry.createdAt), .timestamp(entry.expiresAt),
            ])
    }

    package func find(_ id: MediaID) throws(MariaDBError) -> Entry? {
        try connection.query(
            "SELECT \(Self.columns) FROM resumable_uploads WHERE id = ?", [.text(id)], Self.entry
        ).first
    }

    /// Whether there is such an upload; that doesn't change until the transaction ends.
    package func containsLocked(_ id: MediaID) throws(MariaDBError) -> Bool {
        try !connection.query("SELECT 1 FROM resumable_uploads WHERE id = ? FOR UPDATE", [.text(id)]) {
            (row) throws(MariaDBError) in try row.integer(0)
        }.isEmpty
    }

    /// - Returns: whether it was there.
    @discardableResult
    package func remove(_ id: MediaID) throws(MariaDBError) -> Bool {
        try connection.execute("DELETE FROM resumable_uploads WHERE id = ?", [.text(id)]) == 1
    }

    /// What a user's uploads that have not ended are to take, where that is said.
    package func usage(of userID: String) throws(MariaDBError) -> Usage {
        try connection.query(
            """
            SELECT CAST(COALESCE(SUM(IF(kind = 'final', 0, length)), 0) AS INT), COUNT(*) FROM resumable_uploads
            WHERE user_id = ? AND media_id IS NULL AND failure IS NULL
            """, [.text(userID)]
        ) { (row) throws(MariaDBError) in Usage(bytes: try row.integer(0), files: try row.integer(1)) }.first ?? Usage()
    }

    /// Uploads that expired before `moment`.
    package func expired(before moment: Timestamp, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            "SELECT id FROM resumable_uploads WHERE expires_at < ? ORDER BY expires_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }

    // MARK: Holding

    /// Takes an upload, if nobody holds it.
    ///
    /// - Parameters:
    ///   - seconds: for which it is held unless that is renewed.
    ///   - dead: a process of which it is known that it has ended; what it holds is free.
    /// - Returns: whether it is held now.
    package func acquire(
        _ id: MediaID, _ holder: LeaseHolder, seconds: Int, dead: String? = nil
    ) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE resumable_uploads SET holder = ?, holder_process = ?, held_until = NOW(3) + INTERVAL ? SECOND,
                is_wanted = 0
            WHERE id = ? AND (holder IS NULL OR held_until < NOW(3) OR holder_process = ?)
            """,
            [
                .bytes(holder.token), .text(holder.process), .integer(Int64(seconds)), .text(id), .optional(dead),
            ]) == 1
    }

    /// Asks whoever holds an upload to let it go.
    ///
    /// - Returns: its process; nil where nobody holds it.
    package func want(_ id: MediaID) throws(MariaDBError) -> String? {
        try connection.execute(
            "UPDATE resumable_uploads SET is_wanted = 1 WHERE id = ? AND holder IS NOT NULL", [.text(id)])
        return try connection.query("SELECT holder_process FROM resumable_uploads WHERE id = ?", [.text(id)]) {
            (row) throws(MariaDBError) in row.optionalText(0)
        }.first ?? nil
    }

    /// Goes on holding uploads, each of which is found by its key: nobody's beginning of another one waits for it.
    package func renew(_ ids: [MediaID], of process: String, seconds: Int) throws(MariaDBError) {
        var left = ids.sorted()[...]
        while !left.isEmpty {
            // Few lengths, so that few statements are prepared.
            let count = left.count >= 100 ? 100 : left.count >= 10 ? 10 : 1
            let rows = ["SELECT ? AS id"] + Array(repeating: "SELECT ?", count: count - 1)
            try connection.execute(
                """
                UPDATE (\(rows.joined(separator: " UNION ALL "))) i STRAIGHT_JOIN resumable_uploads u ON u.id = i.id
                SET u.held_until = NOW(3) + INTERVAL ? SECOND
                WHERE u.holder_process = ? AND u.held_until >= NOW(3)
                """,
                left.prefix(count).map { .text($0) } + [.integer(Int64(seconds)), .text(process)])
            left = left.dropFirst(count)
        }
    }

    /// What a process holds, and whether somebody else waits for it.
    package func held(
        by process: String
    ) throws(MariaDBError) -> [(id: MediaID, token: [UInt8], isWanted: Bool)] {
        try connection.query(
            "SELECT id, holder, is_wanted FROM resumable_uploads WHERE holder_process = ? AND held_until >= NOW(3)",
            [.text(process)]
        ) { (row) throws(MariaDBError) in
            (id: try row.value(0) { MediaID($0) }, token: try row.bytes(1), isWanted: try row.bool(2))
        }
    }

    /// Notes that so many bytes are durable.
    ///
    /// - Parameter isMore: whether only if they are more than was noted.
    /// - Returns: whether it was noted: not where it is held no longer.
    @discardableResult
    package func note(
        _ id: MediaID, _ token: [UInt8], position: Int64, boot: [UInt8], isMore: Bool = false
    ) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE resumable_uploads SET position = ?, boot = ? WHERE id = ? AND holder = ?\(isMore ? " AND position < ?" : "")
            """,
            [.integer(position), .bytes(boot), .text(id), .bytes(token)] + (isMore ? [.integer(position)] : [])) == 1
    }

    package func setLength(_ id: MediaID, _ length: Int64) throws(MariaDBError) {
        try connection.execute(
            "UPDATE resumable_uploads SET length = ? WHERE id = ? AND length IS NULL", [.integer(length), .text(id)])
    }

    package func setExpiry(_ id: MediaID, _ moment: Timestamp) throws(MariaDBError) {
        try connection.execute(
            "UPDATE resumable_uploads SET expires_at = ? WHERE id = ?", [.timestamp(moment), .text(id)])
    }

    package func release(_ id: MediaID, _ token: [UInt8]) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE resumable_uploads SET holder = NULL, holder_process = NULL, held_until = NULL, is_wanted = 0
            WHERE id = ? AND holder = ?
            """, [.text(id), .bytes(token)])
    }

    /// Notes what has become of an upload.
    ///
    /// - Returns: false where somebody else holds it by now.
    package func end(
        _ id: MediaID, _ token: [UInt8], mediaID: MediaID?, failure: JSON?
    ) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE resumable_uploads SET media_id = ?, failure = ? WHERE id = ? AND holder = ? AND media_id IS NULL",
            [.optional(mediaID?.rawValue), .optional(failure?.text), .text(id), .bytes(token)]) == 1
    }

    /// Lets an upload that has become no record begin anew.
    package func revive(_ id: MediaID) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE resumable_uploads SET failure = NULL, position = 0, length = NULL
            WHERE id = ? AND failure IS NOT NULL
            """, [.text(id)])
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        func json(_ text: String) -> JSON? { try? JSONParser.parse(Array(text.utf8)) }
        var entry = Entry(
            id: try row.value(0) { MediaID($0) }, caller: try row.text(1), userID: try row.text(2),
            kind: try row.value(3, Entry.Kind.init(rawValue:)), description: try row.value(4, json),
            parts: row.isNull(5)
                ? [] : try row.value(5) { json($0)?.array?.compactMap { $0.string.flatMap { MediaID($0) } } },
            length: row.isNull(6) ? nil : try row.integer(6), createdAt: try row.timestamp(9),
            expiresAt: try row.timestamp(10))
        entry.position = try row.integer(7)
        entry.boot = row.isNull(8) ? nil : try row.bytes(8)
        entry.mediaID = row.isNull(11) ? nil : try row.value(11) { MediaID($0) }
        entry.failure = row.isNull(12) ? nil : try row.value(12, json)
        return entry
    }
}
