package import MediaCore

/// Requests with a key: which are being carried out, and what was answered to those that were.
package struct IdempotencyRepository {
    /// One try to carry a request out.
    package struct Lease: Equatable, Sendable {
        /// `Caller.name`.
        package var caller: String
        package var key: IdempotencyKey
        /// What tells requests apart, 32 bytes.
        package var fingerprint: [UInt8]
        /// Tells tries apart, 16 bytes.
        package var token: [UInt8]

        package init(caller: String, key: IdempotencyKey, fingerprint: [UInt8], token: [UInt8]) {
            self.caller = caller
            self.key = key
            self.fingerprint = fingerprint
            self.token = token
        }
    }

    /// An answer that is given again.
    package struct Answer: Equatable, Sendable {
        package var status: Int
        package var location: String?
        package var entityTag: String?
        package var body: [UInt8]

        package init(status: Int, location: String? = nil, entityTag: String? = nil, body: [UInt8]) {
            self.status = status
            self.location = location
            self.entityTag = entityTag
            self.body = body
        }
    }

    /// What is to become of a request.
    package enum Start: Equatable, Sendable {
        /// It is to be carried out.
        case begun
        /// Another try is at it.
        case running
        case answered(Answer)
        /// The key was used for another request.
        case otherRequest
    }

    /// This server as connection ids count: those of another one say nothing here.
    private static let server = "CONCAT(@@hostname, ':', @@port)"
    private static let isMine = "caller = ? AND idempotency_key = ?"
    private static let findSQL = """
        SELECT token, fingerprint, created_at, status, location, etag, body FROM idempotency_keys
        WHERE \(isMine) FOR UPDATE
        """

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Begins a try, unless the request was answered or another try is at it.
    ///
    /// A try that ended with its process doesn't hold up the next one: its connection has ended too, which the server
    /// knows. Where that can't be told, its lease runs out.
    ///
    /// - Parameters:
    ///   - leaseStart: tries that began before this may be taken over.
    ///   - firstKept: what began before this is forgotten.
    package func begin(
        _ lease: Lease, now: Timestamp, leaseStart: Timestamp, firstKept: Timestamp
    ) throws(MariaDBError) -> Start {
        // Locks the row, whether it is new or not.
        try connection.execute(
            """
            INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint, created_at, token, server, connection_id)
            VALUES (?, ?, ?, ?, ?, \(Self.server), \(Self.markedConnection))
            ON DUPLICATE KEY UPDATE idempotency_keys.caller = idempotency_keys.caller
            """,
            [
                .text(lease.caller), .text(lease.key.text), .bytes(lease.fingerprint), .timestamp(now),
                .bytes(lease.token),
            ])
        let found = try connection.query(Self.findSQL, [.text(lease.caller), .text(lease.key.text)], Self.entry).first
        guard let found, found.token != lease.token else { return .begun }
        if found.createdAt >= firstKept {
            let isSame = found.fingerprint == lease.fingerprint
            if let answer = found.answer { return isSame ? .answered(answer) : .otherRequest }
            if found.createdAt >= leaseStart, try !isAbandoned(lease) { return isSame ? .running : .otherRequest }
        }
        try takeOver(lease, now: now)
        return .begun
    }

    /// This connection's id. A lock of its name tells others that it is there, and goes with it, however it ends. (MariaDB
    /// 10.11 has crashed where a prepared statement was to look for it in `information_schema.processlist`.)
    private static let markedConnection =
        "IF(GET_LOCK(CONCAT('media_connection_', CONNECTION_ID()), 0), CONNECTION_ID(), CONNECTION_ID())"

    /// Whether the connection of the try that holds the key has ended.
    private func isAbandoned(_ lease: Lease) throws(MariaDBError) -> Bool {
        try !connection.query(
            """
            SELECT 1 FROM idempotency_keys WHERE \(Self.isMine) AND server = \(Self.server)
                AND IS_FREE_LOCK(CONCAT('media_connection_', connection_id))
            """, [.text(lease.caller), .text(lease.key.text)]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.isEmpty
    }

    private func takeOver(_ lease: Lease, now: Timestamp) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE idempotency_keys SET fingerprint = ?, created_at = ?, token = ?, server = \(Self.server),
                connection_id = \(Self.markedConnection), status = NULL, location = NULL, etag = NULL, body = NULL
            WHERE \(Self.isMine)
            """,
            [
                .bytes(lease.fingerprint), .timestamp(now), .bytes(lease.token), .text(lease.caller),
                .text(lease.key.text),
            ])
    }

    /// Keeps the answer of a try; belongs into the transaction that does what it says.
    ///
    /// - Returns: false where another try has taken over.
    package func finish(_ lease: Lease, _ answer: Answer) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE idempotency_keys SET status = ?, location = ?, etag = ?, body = ?
            WHERE \(Self.isMine) AND token = ? AND status IS NULL
            """,
            [
                .integer(Int64(answer.status)), .optional(answer.location), .optional(answer.entityTag),
                .bytes(answer.body), .text(lease.caller), .text(lease.key.text), .bytes(lease.token),
            ]) == 1
    }

    /// Gives the key back, unless the try was answered or another one has taken over.
    package func abandon(_ lease: Lease) throws(MariaDBError) {
        try connection.execute(
            "DELETE FROM idempotency_keys WHERE \(Self.isMine) AND token = ? AND status IS NULL",
            [.text(lease.caller), .text(lease.key.text), .bytes(lease.token)])
    }

    /// Forgets what began before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func removeExpired(before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))])
    }

    private struct Entry {
        var token: [UInt8]
        var fingerprint: [UInt8]
        var createdAt: Timestamp
        var answer: Answer?
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        Entry(
            token: try row.bytes(0), fingerprint: try row.bytes(1), createdAt: try row.timestamp(2),
            answer: row.isNull(3)
                ? nil
                : Answer(
                    status: Int(try row.integer(3)), location: row.optionalText(4), entityTag: row.optionalText(5),
                    body: try row.bytes(6)))
    }
}
