/// Something that was done or refused.
package struct AuditEntry: Equatable, Sendable {
    package var at: Timestamp
    /// `Caller.name`; `operator` for commands, `housekeeping` for what is due.
    package var caller: String
    package var action: AuditAction
    /// As the request named it, where it was about a record.
    package var mediaID: String?
    /// The client's address; empty where there is none.
    package var address: String
    /// As the logs have it; empty outside of requests.
    package var requestID: String
    /// In words: what else there is to say.
    package var detail: String?
    /// The members that a change has changed, as they were; nil where there was nothing before.
    package var before: JSON?
    /// The same members as they are now; nil where nothing is left.
    package var after: JSON?

    package init(
        at: Timestamp, caller: String, action: AuditAction, mediaID: String? = nil, address: String, requestID: String,
        detail: String? = nil, before: JSON? = nil, after: JSON? = nil
    ) {
        self.at = at
        self.caller = caller
        self.action = action
        self.mediaID = mediaID
        self.address = address
        self.requestID = requestID
        self.detail = detail
        self.before = before
        self.after = after
    }

    package var json: JSON {
        .object([
            .init("at", .string(at.iso8601)), .init("caller", .string(caller)),
            .init("action", .string(action.rawValue)), .init("media", JSON(mediaID)),
            .init("address", .string(address)), .init("requestId", .string(requestID)), .init("detail", JSON(detail)),
            .init("before", before ?? .null), .init("after", after ?? .null),
        ])
    }
}

extension Media {
    /// Longer values of members are told by their length only.
    private static let auditedBytes = 2048
    /// What follows from other members or changes with each change.
    private static let unaudited: Set<String> = ["id", "url", "updatedAt", "revision"]

    private var audited: [JSON.Member] {
        (json(baseURL: "").object ?? []).filter { !Self.unaudited.contains($0.name) }
    }

    private static func shortened(_ members: [JSON.Member]) -> JSON {
        .object(
            members.map { member in
                let length = member.value.bytes.count
                return length <= auditedBytes ? member : .init(member.name, .string("(\(length) bytes)"))
            })
    }

    /// What an audit entry says of a change.
    ///
    /// - Parameters:
    ///   - old: nil: the record is new.
    ///   - new: nil: it is gone.
    package static func auditedChange(
        from old: Media?, to new: Media?
    ) -> (before: JSON?, after: JSON?) {
        guard let old, let new else {
            return (old.map { shortened($0.audited) }, new.map { shortened($0.audited) })
        }
        let changed = zip(old.audited, new.audited).filter { $0.value.bytes != $1.value.bytes }
        return (shortened(changed.map(\.0)), shortened(changed.map(\.1)))
    }
}
