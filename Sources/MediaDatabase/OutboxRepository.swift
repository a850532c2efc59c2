package import MediaCore

/// Events on their way, each once for everybody it is sent to.
///
/// They are written in the transaction of the change that they tell of. Since that keeps its record locked, the events of a
/// record have ids in the order of its changes, and whoever sees one sees those before it.
package struct OutboxRepository {
    /// The target that is the broker's exchange; webhooks are targets by their ids.
    package static let exchange: Int64 = 0

    package struct Entry: Equatable, Sendable {
        package var id: Int64
        package var event: MediaEvent
        /// How often it was sent in vain.
        package var attempts: Int64
    }

    /// Which of a target's events are meant.
    package enum Choice: Sendable {
        case event(String)
        case since(Timestamp)
        /// Those that were given up since then.
        case givenUp(since: Timestamp)
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    // MARK: Coming in

    /// Writes down events for the exchange, if there is one, and for each webhook that wants to know.
    package func add(_ events: [MediaEvent], toExchange: Bool) throws(MariaDBError) {
        for event in events {
            let values: [Value] = [
                .text(event.id), .text(event.kind.rawValue), .text(event.mediaID), .text(event.data),
                .timestamp(event.at), .timestamp(event.at),
            ]
            try connection.execute(
                """
                INSERT INTO outbox (target_id, event_id, type, media_id, data, created_at, queued_at)
                SELECT id, ?, ?, ?, ?, ?, ? FROM webhooks
                WHERE disabled_at IS NULL AND (types = '' OR FIND_IN_SET(?, types))
                """, values + [.text(event.kind.rawValue)])
            guard toExchange else { continue }
            try connection.execute(
                """
                INSERT INTO outbox (target_id, event_id, type, media_id, data, created_at, queued_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, [.integer(Self.exchange)] + values)
        }
    }

    /// Sends some of what was settled once more, in the order of ids.
    ///
    /// - Parameters:
    ///   - last: those up to this id have been looked at.
    ///   - limit: how many are looked at.
    /// - Returns: the last id that was looked at, nil at the end; and how many are sent.
    package func replay(
        _ choice: Choice, of target: Int64, after last: Int64, limit: Int, now: Timestamp
    ) throws(MariaDBError) -> (last: Int64?, count: Int) {
        // Looked at without locks: nobody's writing waits for it.
        let settled = try connection.query(
            """
            SELECT id, event_id, created_at, is_delivered FROM outbox
            WHERE target_id = ? AND settled_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?
            """, [.integer(target), .integer(last), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in
            (
                id: try row.integer(0), eventID: try row.text(1), at: try row.timestamp(2),
                isDelivered: try row.bool(3)
            )
        }
        let chosen = settled.filter { entry in
            switch choice {
            case .event(let id): entry.eventID == id
            case .since(let moment): entry.at >= moment
            case .givenUp(let moment): entry.at >= moment && !entry.isDelivered
            }
        }
        try forEach(chosen.map(\.id)) { (table, ids) throws(MariaDBError) in
            try connection.execute(
                """
                UPDATE \(table) STRAIGHT_JOIN outbox o ON o.id = i.id
                SET o.settled_at = NULL, o.is_delivered = 0, o.retry_at = NULL, o.attempts = 0, o.queued_at = ?
                """, ids + [.timestamp(now)])
        }
        return (settled.count < limit ? nil : settled.last?.id, chosen.count)
    }

    // MARK: Going out

    /// The oldest events that may be sent now: one that has to wait holds up the later ones of its record.
    ///
    /// - Parameters:
    ///   - busy: records of which none is wanted.
    ///   - bytes: what the records of all of them may take; the first one comes in any case.
    package func due(
        _ target: Int64, now: Timestamp, limit: Int, besides busy: Set<MediaID> = [], bytes: Int64 = 8 << 20
    ) throws(MariaDBError) -> [Entry] {
        // Few lengths, so that few statements are prepared.
        let others = busy.map(Value.text) + Array(repeating: Value.text(""), count: (8 - busy.count % 8) % 8)
        let marks = others.isEmpty ? "" : " AND media_id NOT IN (\(others.map { _ in "?" }.joined(separator: ", ")))"
        let sizes = try connection.query(
            """
            SELECT id, LENGTH(data) FROM outbox
            WHERE target_id = ? AND settled_at IS NULL AND media_id NOT IN (
                SELECT media_id FROM outbox WHERE target_id = ? AND settled_at IS NULL AND retry_at > ?)\(marks)
            ORDER BY id LIMIT ?
            """, [.integer(target), .integer(target), .timestamp(now)] + others + [.integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in (id: try row.integer(0), bytes: try row.integer(1)) }
        var left = bytes
        let wanted = sizes.prefix { size in
            defer { left -= size.bytes }
            return left > 0
        }
        var entries: [Entry] = []
        try forEach(wanted.map(\.id)) { (table, ids) throws(MariaDBError) in
            entries += try connection.query(
                """
                SELECT o.id, o.event_id, o.type, o.media_id, o.data, o.created_at, o.attempts
                FROM \(table) STRAIGHT_JOIN outbox o ON o.id = i.id
                """, ids, Self.entry)
        }
        return entries.sorted { $0.id < $1.id }
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        Entry(
            id: try row.integer(0),
            event: MediaEvent(
                id: try row.text(1), kind: try row.value(2, MediaEvent.Kind.init(rawValue:)),
                mediaID: try row.value(3) { MediaID($0) }, data: try row.text(4), at: try row.timestamp(5)),
            attempts: try row.integer(6))
    }

    /// Whether there is anything to send.
    package func isWaiting(_ target: Int64) throws(MariaDBError) -> Bool {
        try !connection.query(
            "SELECT id FROM outbox WHERE target_id = ? AND settled_at IS NULL LIMIT 1", [.integer(target)]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.isEmpty
    }

    /// Removes what was sent and is kept no longer.
    package func remove(_ ids: [Int64]) throws(MariaDBError) {
        try forEach(ids) { (table, ids) throws(MariaDBError) in
            try connection.execute("DELETE o FROM \(table) STRAIGHT_JOIN outbox o ON o.id = i.id", ids)
        }
    }

    /// Notes what was delivered.
    package func settle(_ ids: [Int64], now: Timestamp) throws(MariaDBError) {
        try forEach(ids) { (table, ids) throws(MariaDBError) in
            try connection.execute(
                "UPDATE \(table) STRAIGHT_JOIN outbox o ON o.id = i.id SET o.settled_at = ?, o.is_delivered = 1",
                ids + [.timestamp(now)])
        }
    }

    /// Notes that an event was sent in vain.
    ///
    /// - Parameter moment: until when it waits, and its record's later ones with it; nil: it doesn't.
    package func fail(_ id: Int64, until moment: Timestamp?) throws(MariaDBError) {
        try connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, retry_at = ? WHERE id = ?",
            [moment.map(Value.timestamp) ?? .null, .integer(id)])
    }

    /// Lets all that waits be sent at once.
    package func hurry(_ target: Int64) throws(MariaDBError) {
        try connection.execute(
            "UPDATE outbox SET retry_at = NULL WHERE target_id = ? AND settled_at IS NULL AND retry_at IS NOT NULL",
            [.integer(target)])
    }

    /// - Parameter body: gets a table `i` of ids and its parameters. By a join each row is found by its key; a list would have a
    ///   small table gone through, and wait for whoever writes to it.
    private func forEach(
        _ ids: [Int64], _ body: (String, [Value]) throws(MariaDBError) -> Void
    ) throws(MariaDBError) {
        var left = ids[...]
        while !left.isEmpty {
            // Few lengths, so that few statements are prepared.
            let count = left.count >= 100 ? 100 : left.count >= 10 ? 10 : 1
            let rows = ["SELECT ? AS id"] + Array(repeating: "SELECT ?", count: count - 1)
            try body("(\(rows.joined(separator: " UNION ALL "))) i", left.prefix(count).map(Value.integer))
            left = left.dropFirst(count)
        }
    }

    // MARK: What is left

    /// When the first of the events may be sent that have to wait.
    package func nextRetry(_ target: Int64) throws(MariaDBError) -> Timestamp? {
        try connection.query(
            "SELECT MIN(retry_at) FROM outbox WHERE target_id = ? AND settled_at IS NULL AND retry_at IS NOT NULL",
            [.integer(target)]
        ) { (row) throws(MariaDBError) in row.optionalTimestamp(0) }.first ?? nil
    }

    /// Whom there are events for.
    package func targets() throws(MariaDBError) -> [Int64] {
        try connection.query("SELECT DISTINCT target_id FROM outbox") { (row) throws(MariaDBError) in try row.integer(0)
        }
    }

    /// How many events wait, and since when the oldest does.
    package func waiting(_ target: Int64) throws(MariaDBError) -> (count: Int64, since: Timestamp?) {
        try connection.query(
            "SELECT COUNT(*), MIN(queued_at) FROM outbox WHERE target_id = ? AND settled_at IS NULL", [.integer(target)]
        ) { (row) throws(MariaDBError) in (count: try row.integer(0), since: row.optionalTimestamp(1)) }.first ?? (
            0, nil
        )
    }

    /// Gives up what waits since before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func giveUp(
        _ target: Int64, before moment: Timestamp, now: Timestamp, limit: Int
    ) throws(MariaDBError) -> Int {
        // Nearly in the order of time: those that come first are the ones that are too old, if any is.
        let oldest = try connection.query(
            "SELECT id, queued_at FROM outbox WHERE target_id = ? AND settled_at IS NULL ORDER BY id LIMIT ?",
            [.integer(target), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in (id: try row.integer(0), queuedAt: try row.timestamp(1)) }
        let ids = oldest.filter { $0.queuedAt < moment }.map(\.id)
        try forEach(ids) { (table, ids) throws(MariaDBError) in
            try connection.execute(
                "UPDATE \(table) STRAIGHT_JOIN outbox o ON o.id = i.id SET o.settled_at = ?", ids + [.timestamp(now)])
        }
        return ids.count
    }

    /// Removes what was settled before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func prune(_ target: Int64, before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM outbox WHERE target_id = ? AND settled_at < ? ORDER BY settled_at LIMIT ?",
            [.integer(target), .timestamp(moment), .integer(Int64(limit))])
    }

    /// Removes all of a target that is no more.
    ///
    /// - Returns: how many, up to `limit`.
    package func removeAll(of target: Int64, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM outbox WHERE target_id = ? LIMIT ?", [.integer(target), .integer(Int64(limit))])
    }
}
