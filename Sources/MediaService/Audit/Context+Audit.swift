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

    /// Notes what is done to a record, in the transaction that does it.
    ///
    /// - Parameters:
    ///   - old: nil: the record is new.
    ///   - new: nil: it is gone.
    func audit(
        _ action: AuditAction, _ caller: String, from old: Media?, to new: Media?, detail: String? = nil,
        _ connection: Connection
    ) throws(MariaDBError) {
        let change = Media.auditedChange(from: old, to: new)
        let id = (new ?? old)?.id.rawValue
        try AuditRepository(connection).add([
            auditEntry(action, caller, mediaID: id, detail: detail, before: change.before, after: change.after)
        ])
    }

    /// Notes what else is done, in the transaction that does it.
    func audit(
        _ action: AuditAction, _ caller: String, mediaID: String? = nil, detail: String, _ connection: Connection
    ) throws(MariaDBError) {
        try AuditRepository(connection).add([auditEntry(action, caller, mediaID: mediaID, detail: detail)])
    }
}
