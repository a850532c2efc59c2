import Logging
import MediaCore
import MediaDatabase
import Synchronization

/// Refusals of this process that are not in the audit log yet.
///
/// They are written beside the requests, a second later: who is refused must not make the database work as much as who is
/// let in. While it is away they wait, up to a limit; a crash loses those that wait in the table. The log on standard error has
/// them all.
final class RefusalLog: Sendable {
    /// Entries; what is refused beyond it before they are written is counted only.
    private static let limit = 1000
    /// The same of those whom nobody knows: anybody can be refused as often as they like.
    private static let anonymousLimit = 10

    private struct State {
        var entries: [AuditEntry] = []
        var anonymous = 0
        var dropped = 0
    }

    private let state = Mutex(State())

    func note(_ entry: AuditEntry) {
        state.withLock { state in
            let isAnonymous = entry.caller == Caller.anonymous.name
            guard state.entries.count < Self.limit, !isAnonymous || state.anonymous < Self.anonymousLimit else {
                state.dropped += 1
                return
            }
            if isAnonymous { state.anonymous += 1 }
            state.entries.append(entry)
        }
    }

    /// Writes down what was noted.
    func record(_ context: Context) {
        let (entries, dropped) = state.withLock { state in
            defer { state = State() }
            return (state.entries, state.dropped)
        }
        guard var last = entries.last else { return }
        last.detail = "and \(dropped) more of whomever"
        do {
            let all = dropped > 0 ? entries + [last] : entries
            try context.connection.transaction { try AuditRepository($0).add(all) }
        } catch {
            state.withLock { state in
                let all = entries + state.entries
                state.entries = Array(all.prefix(Self.limit))
                state.dropped += dropped + all.count - state.entries.count
                state.anonymous = Self.anonymousLimit
            }
            context.logger.warning(
                "refusals wait for the audit log",
                metadata: ["count": "\(entries.count + dropped)", "error": "\(error)"])
        }
    }
}
