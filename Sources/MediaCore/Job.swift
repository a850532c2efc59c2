/// Work that is done behind requests.
package struct Job: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Fetches a file from a URL.
        case importFile = "import"
        /// Reads a file that its sender has put into a store.
        case verifyDirect = "verify"
        /// Makes of a record's file what it is shown with.
        case process = "process"
    }

    package enum State: String, CaseIterable, Sendable {
        case waiting = "WAITING"
        case running = "RUNNING"
        case done = "DONE"
        case failed = "FAILED"
        case cancelled = "CANCELLED"
    }

    package var id: MediaID
    package var kind: Kind
    /// The record or upload that it is done for.
    package var subject: MediaID
    package var userID: String
    /// What is to be done, and what is known of it so far.
    package var payload: JSON
    package var state = State.waiting
    /// The lower, the sooner: -100 … 100.
    package var priority: Int64 = 0
    /// How often it was begun.
    package var attempts: Int64 = 0
    package var dueAt: Timestamp
    package var progress: JSON?
    /// Why it has failed, or why its last attempt has.
    package var failure: String?
    package var createdAt: Timestamp
    package var endedAt: Timestamp?

    package init(
        id: MediaID, kind: Kind, subject: MediaID, userID: String, payload: JSON, now: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.subject = subject
        self.userID = userID
        self.payload = payload
        dueAt = now
        createdAt = now
    }

    package var json: JSON {
        .object([
            .init("id", .string(id.rawValue)), .init("kind", .string(kind.rawValue)),
            .init("subject", .string(subject.rawValue)), .init("userId", .string(userID)),
            .init("state", .string(state.rawValue)), .init("priority", .integer(priority)),
            .init("attempts", .integer(attempts)), .init("dueAt", .string(dueAt.iso8601)),
            .init("progress", progress ?? .null), .init("failure", JSON(failure)),
            .init("createdAt", .string(createdAt.iso8601)), .init("endedAt", JSON(endedAt?.iso8601)),
        ])
    }

    package var isEnded: Bool { state != .waiting && state != .running }
}
