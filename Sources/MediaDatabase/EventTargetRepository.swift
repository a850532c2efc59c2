package import MediaCore

/// How it goes with those who are sent events, and who sends to them.
///
/// Leases end by the server's clock, which all hosts share.
package struct EventTargetRepository {
    package struct State: Equatable, Sendable {
        /// Failures since the last success.
        package var failures: Int64 = 0
        /// Until then nothing is sent.
        package var retryAt: Timestamp?
        package var lastError: String?
        package var deliveredAt: Timestamp?

        package init() {}
    }

    private static let columns = "failures, retry_at, last_error, delivered_at"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func insert(_ target: Int64) throws(MariaDBError) {
        try connection.execute("INSERT INTO event_targets (id) VALUES (?)", [.integer(target)])
    }

    package func remove(_ target: Int64) throws(MariaDBError) {
        try connection.execute("DELETE FROM event_targets WHERE id = ?", [.integer(target)])
    }

    package func find(_ target: Int64) throws(MariaDBError) -> State? {
        try connection.query(
            "SELECT \(Self.columns) FROM event_targets WHERE id = ?", [.integer(target)], Self.state
        ).first
    }

    package func all() throws(MariaDBError) -> [Int64] {
        try connection.query("SELECT id FROM event_targets") { (row) throws(MariaDBError) in try row.integer(0) }
    }

    // MARK: Sending

    /// Becomes the one who sends to a target, or stays it.
    ///
    /// - Parameters:
    ///   - seconds: for which, unless that is renewed.
    ///   - isDead: whether a process is known to have ended; what it held is free.
    /// - Returns: whether it is the one.
    package func acquire(
        _ target: Int64, _ holder: LeaseHolder, seconds: Int, isDead: (String) -> Bool
    ) throws(MariaDBError) -> Bool {
        let process =
            try connection.query("SELECT holder_process FROM event_targets WHERE id = ?", [.integer(target)]) {
                (row) throws(MariaDBError) in row.optionalText(0)
            }.first ?? nil
        let dead = process.flatMap { isDead($0) ? $0 : nil }
        return try connection.execute(
            """
            UPDATE event_targets SET holder = ?, holder_process = ?, held_until = NOW(3) + INTERVAL ? SECOND
            WHERE id = ? AND (holder IS NULL OR holder = ? OR held_until < NOW(3) OR holder_process = ?)
            """,
            [
                .bytes(holder.token), .text(holder.process), .integer(Int64(seconds)), .integer(target),
                .bytes(holder.token), .optional(dead),
            ]) == 1
    }

    /// Makes sure, until the transaction ends, that it is still this one who sends.
    package func isHeld(_ target: Int64, _ holder: LeaseHolder) throws(MariaDBError) -> Bool {
        try !connection.query(
            "SELECT 1 FROM event_targets WHERE id = ? AND holder = ? FOR UPDATE",
            [.integer(target), .bytes(holder.token)]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.isEmpty
    }

    package func release(_ target: Int64, _ holder: LeaseHolder) throws(MariaDBError) {
        try connection.execute(
            "UPDATE event_targets SET holder = NULL, holder_process = NULL, held_until = NULL WHERE id = ? AND holder = ?",
            [.integer(target), .bytes(holder.token)])
    }

    package func update(_ target: Int64, _ state: State) throws(MariaDBError) {
        try connection.execute(
            "UPDATE event_targets SET failures = ?, retry_at = ?, last_error = ?, delivered_at = ? WHERE id = ?",
            [
                .integer(state.failures), state.retryAt.map(Value.timestamp) ?? .null, .optional(state.lastError),
                state.deliveredAt.map(Value.timestamp) ?? .null, .integer(target),
            ])
    }

    /// Lets a target be tried at once.
    package func hurry(_ target: Int64) throws(MariaDBError) {
        try connection.execute("UPDATE event_targets SET retry_at = NULL WHERE id = ?", [.integer(target)])
    }

    private static func state(_ row: Row) throws(MariaDBError) -> State {
        var state = State()
        state.failures = try row.integer(0)
        state.retryAt = row.optionalTimestamp(1)
        state.lastError = row.optionalText(2)
        state.deliveredAt = row.optionalTimestamp(3)
        return state
    }
}
