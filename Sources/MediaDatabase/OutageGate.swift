internal import Synchronization

/// Lets a process' connections fail at once while MariaDB hangs, but for one that finds out when it is over.
///
/// A server that is down refuses at once. One that hangs holds each thread that asks it for the whole time limit, and soon
/// all of them; then even requests that need no database wait.
package final class OutageGate: Sendable {
    /// Milliseconds of the monotonic clock until which nobody is let through; 0 where there is no outage.
    private let closedUntil = Atomic<Int64>(0)
    private let start = ContinuousClock.now

    package init() {}

    /// Asks for leave to turn to the server.
    ///
    /// - Parameter limit: seconds that the caller may wait for it; nobody else is let through meanwhile.
    func enter(limit: UInt32) throws(MariaDBError) {
        let until = closedUntil.load(ordering: .relaxed)
        guard until != 0 else { return }
        let now = milliseconds
        let isFirst =
            now >= until
            && closedUntil.compareExchange(
                expected: until, desired: now + Int64(limit) * 1000, ordering: .relaxed
            ).exchanged
        guard isFirst else { throw MariaDBError(code: .hanging, message: "not asked: it did not answer a moment ago") }
    }

    /// The server has answered, or refused to.
    func open() {
        if closedUntil.load(ordering: .relaxed) != 0 { closedUntil.store(0, ordering: .relaxed) }
    }

    /// The server has not answered in time.
    func close() {
        closedUntil.store(milliseconds + 1000, ordering: .relaxed)
    }

    private var milliseconds: Int64 {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
