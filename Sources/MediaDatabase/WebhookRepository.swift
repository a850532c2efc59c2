package import MediaCore

/// Where events are sent by HTTP, and what was answered there.
package struct WebhookRepository {
    package struct Entry: Equatable, Sendable {
        package var id: Int64
        package var url: String
        /// Empty: all.
        package var kinds: [MediaEvent.Kind]
        /// What is signed with; the one before, too, for as long as it holds.
        package var secret: [UInt8]
        package var oldSecret: [UInt8]?
        package var oldSecretUntil: Timestamp?
        package var createdAt: Timestamp
        package var disabledAt: Timestamp?

        /// What a message of this moment is signed with.
        package func secrets(_ now: Timestamp) -> [[UInt8]] {
            guard let oldSecret, let oldSecretUntil, now < oldSecretUntil else { return [secret] }
            return [secret, oldSecret]
        }
    }

    /// One try to deliver an event.
    package struct Delivery: Equatable, Sendable {
        package var webhookID: Int64
        package var eventID: String
        package var kind: String
        package var mediaID: String
        package var at: Timestamp
        /// From 1.
        package var attempt: Int64
        package var milliseconds: Int64
        /// Of the answer; nil where none came.
        package var status: Int?
        /// Nil: delivered.
        package var error: String?

        package init(
            webhookID: Int64, eventID: String, kind: String, mediaID: String, at: Timestamp, attempt: Int64,
            milliseconds: Int64, status: Int?, error: String?
        ) {
            self.webhookID = webhookID
            self.eventID = eventID
            self.kind = kind
            self.mediaID = mediaID
            self.at = at
            self.attempt = attempt
            self.milliseconds = milliseconds
            self.status = status
            self.error = error
        }
    }

    private static let columns = "id, url, types, secret, old_secret, old_secret_until, created_at, disabled_at"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func all() throws(MariaDBError) -> [Entry] {
        try connection.query("SELECT \(Self.columns) FROM webhooks ORDER BY id", [], Self.entry)
    }

    package func find(_ id: Int64) throws(MariaDBError) -> Entry? {
        try connection.query("SELECT \(Self.columns) FROM webhooks WHERE id = ?", [.integer(id)], Self.entry).first
    }

    /// - Returns: its id.
    package func insert(
        url: String, kinds: [MediaEvent.Kind], secret: [UInt8], now: Timestamp
    ) throws(MariaDBError) -> Int64 {
        try connection.execute(
            "INSERT INTO webhooks (url, types, secret, created_at) VALUES (?, ?, ?, ?)",
            [
                .text(url), .text(kinds.map(\.rawValue).joined(separator: ",")), .bytes(secret), .timestamp(now),
            ])
        let id = try connection.query("SELECT LAST_INSERT_ID()") { (row) throws(MariaDBError) in try row.integer(0) }
        return id.first ?? 0
    }

    /// - Returns: whether there was such a webhook.
    package func remove(_ id: Int64) throws(MariaDBError) -> Bool {
        try connection.execute("DELETE FROM webhooks WHERE id = ?", [.integer(id)]) == 1
    }

    /// - Parameter moment: nil: it is sent events from now on.
    /// - Returns: whether there is such a webhook.
    package func setDisabled(_ id: Int64, at moment: Timestamp?) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE webhooks SET disabled_at = ? WHERE id = ?",
            [moment.map(Value.timestamp) ?? .null, .integer(id)]) == 1
    }

    /// Signs with another secret from now on, and with the present one, too, until `moment`.
    ///
    /// - Returns: whether there is such a webhook.
    package func rotate(_ id: Int64, to secret: [UInt8], until moment: Timestamp) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE webhooks SET old_secret = secret, old_secret_until = ?, secret = ? WHERE id = ?",
            [.timestamp(moment), .bytes(secret), .integer(id)]) == 1
    }

    // MARK: Deliveries

    package func add(_ deliveries: [Delivery]) throws(MariaDBError) {
        for part in deliveries.statementParts(of: 16) {
            let rows = Array(repeating: "(?, ?, ?, ?, ?, ?, ?, ?, ?)", count: part.count).joined(separator: ", ")
            try connection.execute(
                """
                INSERT INTO webhook_deliveries (webhook_id, event_id, type, media_id, at, attempt, milliseconds, status, error)
                VALUES \(rows)
                """, part.flatMap(Self.values))
        }
    }

    private static func values(_ delivery: Delivery) -> [Value] {
        [
            .integer(delivery.webhookID), .text(delivery.eventID), .text(delivery.kind), .text(delivery.mediaID),
            .timestamp(delivery.at), .integer(delivery.attempt), .integer(delivery.milliseconds),
            delivery.status.map { .integer(Int64($0)) } ?? .null, .optional(delivery.error),
        ]
    }

    /// The newest ones, oldest first.
    package func deliveries(_ id: Int64, onlyFailed: Bool, limit: Int) throws(MariaDBError) -> [Delivery] {
        try connection.query(
            """
            SELECT webhook_id, event_id, type, media_id, at, attempt, milliseconds, status, error FROM webhook_deliveries
            WHERE webhook_id = ?\(onlyFailed ? " AND error IS NOT NULL" : "") ORDER BY id DESC LIMIT ?
            """, [.integer(id), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in
            Delivery(
                webhookID: try row.integer(0), eventID: try row.text(1), kind: try row.text(2),
                mediaID: try row.text(3), at: try row.timestamp(4), attempt: try row.integer(5),
                milliseconds: try row.integer(6), status: row.isNull(7) ? nil : Int(try row.integer(7)),
                error: row.optionalText(8))
        }.reversed()
    }

    /// Removes deliveries from before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func pruneDeliveries(before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM webhook_deliveries WHERE at < ? ORDER BY at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))])
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> Entry {
        Entry(
            id: try row.integer(0), url: try row.text(1),
            kinds: try row.text(2).split(separator: ",").compactMap { MediaEvent.Kind(rawValue: String($0)) },
            secret: try row.bytes(3), oldSecret: row.isNull(4) ? nil : try row.bytes(4),
            oldSecretUntil: row.optionalTimestamp(5), createdAt: try row.timestamp(6),
            disabledAt: row.optionalTimestamp(7))
    }
}
