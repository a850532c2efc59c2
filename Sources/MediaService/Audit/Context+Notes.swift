import MediaCore
import MediaDatabase

extension Context {
    /// An entry of the audit log, from where this context's request comes.
    func auditEntry(
        _ action: AuditAction, _ caller: String, mediaID: String? = nil, detail: String? = nil, before: JSON? = nil,
        after: JSON? = nil
    ) -> AuditEntry {
        AuditEntry(
            at: now(), caller: caller, action: action, mediaID: mediaID, address: clientAddress, requestID: requestID,
            detail: detail, before: before, after: after)
    }

    /// Whom the audit log names for what is due without anybody's asking.
    static let housekeeping = "housekeeping"

    /// Notes new records, in the transaction that makes them: for the audit log, and for whom events are sent to.
    func note(creationOf media: [Media], _ caller: String, _ connection: Connection) throws(MariaDBError) {
        try AuditRepository(connection).add(
            media.map { record in
                auditEntry(
                    .create, caller, mediaID: record.id.rawValue,
                    after: Media.auditedChange(from: nil, to: record).after)
            })
        try OutboxRepository(connection).add(
            media.flatMap { events(from: nil, to: $0) }, toExchange: environment.hasExchange)
    }

    /// Notes what is done to a record, in the transaction that does it: for the audit log, and for whom events are sent to.
    ///
    /// - Parameter new: nil: it is gone.
    func note(
        _ action: AuditAction, _ caller: String, from old: Media, to new: Media?, _ connection: Connection
    ) throws(MariaDBError) {
        let change = Media.auditedChange(from: old, to: new)
        try AuditRepository(connection).add([
            auditEntry(action, caller, mediaID: old.id.rawValue, before: change.before, after: change.after)
        ])
        try OutboxRepository(connection).add(events(from: old, to: new), toExchange: environment.hasExchange)
    }

    /// What a change is told as.
    private func events(from old: Media?, to new: Media?) -> [MediaEvent] {
        let kinds = MediaEvent.Kind.kinds(from: old, to: new)
        guard !kinds.isEmpty, let record = new else { return [] }
        let data = record.json(baseURL: environment.baseURL).text
        return kinds.map { kind in
            MediaEvent(
                id: "evt_" + Hex.encode(randomBytes(16)), kind: kind, mediaID: record.id, data: data, at: now())
        }
    }

    /// Notes what else is done, in the transaction that does it.
    func audit(
        _ action: AuditAction, _ caller: String, mediaID: String? = nil, detail: String? = nil, _ connection: Connection
    ) throws(MariaDBError) {
        try AuditRepository(connection).add([auditEntry(action, caller, mediaID: mediaID, detail: detail)])
    }
}
