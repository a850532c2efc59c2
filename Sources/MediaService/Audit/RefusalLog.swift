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

    private struct State {
        var entries: [AuditEntry] = []
        var dropped = 0
    }

    private let state = Mutex(State())

    func note(_ entry: AuditEntry) {
        state.withLock { state in
            if state.entries.count < Self.limit { state.entries.append(entry) } else { state.dropped += 1 }
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
            }
            context.logger.warning(
                "refusals wait for the audit log",
                metadata: ["count": "\(entries.count + dropped)", "error": "\(error)"])
        }
    }
}
