package import MediaCore

/// The audit log.
package struct AuditRepository {
    /// What to look for; what is nil doesn't matter.
    package struct Filter: Sendable {
        package var mediaID: String?
        package var caller: String?
        package var action: AuditAction?
        package var since: Timestamp?
        package var before: Timestamp?

        package init(
            mediaID: String? = nil, caller: String? = nil, action: AuditAction? = nil, since: Timestamp? = nil,
            before: Timestamp? = nil
        ) {
            self.mediaID = mediaID
            self.caller = caller
            self.action = action
            self.since = since
            self.before = before
        }
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func add(_ entries: [AuditEntry]) throws(MariaDBError) {
        for part in entries.statementParts() {
            let rows = Array(repeating: "(?, ?, ?, ?, ?, ?, ?, ?, ?)", count: part.count).joined(separator: ", ")
            try connection.execute(
                """
                INSERT INTO audit_log (at, caller, action, media_id, address, request_id, detail, before_change,
                    after_change) VALUES \(rows)
                """, part.flatMap(Self.values))
        }
    }

    private static func values(_ entry: AuditEntry) -> [Value] {
        [
            .timestamp(entry.at), .text(entry.caller), .text(entry.action.rawValue), .optional(entry.mediaID),
            .text(entry.address), .text(entry.requestID), .optional(entry.detail), .optional(entry.before?.text),
            .optional(entry.after?.text),
        ]
    }

    /// The newest entries that fit, oldest first.
    package func find(_ filter: Filter, limit: Int) throws(MariaDBError) -> [AuditEntry] {
        var conditions: [String] = []
        var values: [Value] = []
        func require(_ condition: String, _ value: Value?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        require("media_id = ?", filter.mediaID.map(Value.text))
        require("caller = ?", filter.caller.map(Value.text))
        require("action = ?", filter.action.map { .text($0.rawValue) })
        require("at >= ?", filter.since.map(Value.timestamp))
        require("at < ?", filter.before.map(Value.timestamp))
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let found = try connection.query(
            """
            SELECT at, caller, action, media_id, address, request_id, detail, before_change, after_change
            FROM audit_log\(condition) ORDER BY id DESC LIMIT ?
            """, values + [.integer(Int64(limit))], Self.entry)
        return found.reversed()
    }

    /// Removes entries from before `moment`.
    ///
    /// - Returns: how many, up to `limit`.
    package func prune(before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM audit_log WHERE at < ? ORDER BY at LIMIT ?", [.timestamp(moment), .integer(Int64(limit))])
    }

    private static func entry(_ row: Row) throws(MariaDBError) -> AuditEntry {
        func json(_ column: Int) throws(MariaDBError) -> JSON? {
            row.isNull(column) ? nil : try row.value(column) { try? JSONParser.parse(Array($0.utf8)) }
        }
        return AuditEntry(
            at: try row.timestamp(0), caller: try row.text(1), action: try row.value(2, AuditAction.init(rawValue:)),
            mediaID: row.optionalText(3), address: try row.text(4), requestID: try row.text(5),
            detail: row.optionalText(6), before: try json(7), after: try json(8))
    }
}
