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

    /// Notes new records, in the transaction that makes them.
    func audit(creationOf media: [Media], _ caller: String, _ connection: Connection) throws(MariaDBError) {
        try AuditRepository(connection).add(
            media.map { record in
                auditEntry(
                    .create, caller, mediaID: record.id.rawValue,
                    after: Media.auditedChange(from: nil, to: record).after)
            })
    }

    /// Notes what is done to a record, in the transaction that does it.
    ///
    /// - Parameter new: nil: it is gone.
    func audit(
        _ action: AuditAction, _ caller: String, from old: Media, to new: Media?, _ connection: Connection
    ) throws(MariaDBError) {
        let change = Media.auditedChange(from: old, to: new)
        try AuditRepository(connection).add([
            auditEntry(action, caller, mediaID: old.id.rawValue, before: change.before, after: change.after)
        ])
    }

    /// Notes what else is done, in the transaction that does it.
    func audit(
        _ action: AuditAction, _ caller: String, mediaID: String? = nil, detail: String? = nil, _ connection: Connection
    ) throws(MariaDBError) {
        try AuditRepository(connection).add([auditEntry(action, caller, mediaID: mediaID, detail: detail)])
    }
}
