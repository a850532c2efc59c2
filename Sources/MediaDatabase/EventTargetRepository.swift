package import MediaCore

/// How it goes with those who are sent events, and who sends to them.
package struct EventTargetRepository {
    package struct State: Equatable, Sendable {
        /// Rounds in which nothing could be delivered, since the last in which something was.
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

    /// Makes this transaction the one that sends to a target, until it ends.
    ///
    /// - Parameter seconds: after which the server takes that away from a process of which it hears nothing.
    /// - Returns: nil where another one does.
    package func claim(_ target: Int64, seconds: Int) throws(MariaDBError) -> State? {
        try connection.run("SET SESSION idle_transaction_timeout = \(seconds)")
        return try connection.query(
            "SELECT \(Self.columns) FROM event_targets WHERE id = ? FOR UPDATE SKIP LOCKED", [.integer(target)],
            Self.state
        ).first
    }

    package func update(_ target: Int64, _ state: State) throws(MariaDBError) {
        try connection.execute(
            "UPDATE event_targets SET failures = ?, retry_at = ?, last_error = ?, delivered_at = ? WHERE id = ?",
            [
                .integer(state.failures), state.retryAt.map(Value.timestamp) ?? .null, .optional(state.lastError),
                state.deliveredAt.map(Value.timestamp) ?? .null, .integer(target),
            ])
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
