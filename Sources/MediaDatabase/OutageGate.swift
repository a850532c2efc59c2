internal import Synchronization

/// What a process' connections know together of MariaDB: which of its hosts to turn to, and whether it hangs.
///
/// While it hangs they fail at once, but for one that finds out when that is over.
///
/// A server that is down refuses at once. One that hangs holds each thread that asks it for the whole time limit, and soon
/// all of them; then even requests that need no database wait.
package final class OutageGate: Sendable {
    /// Milliseconds of the monotonic clock until which nobody is let through; 0 where there is no outage.
    private let closedUntil = Atomic<Int64>(0)
    private let start = ContinuousClock.now
    /// Counts up with each host that was left; modulo their number it is the one in use.
    private let turns = Atomic<Int>(0)

    package init() {}

    /// The host in use, of so many.
    func host(of count: Int) -> Int { turns.load(ordering: .relaxed) % count }

    /// Turns to the next host, unless another connection has done that by now.
    ///
    /// - Parameter host: the one that is no good.
    func leave(_ host: Int, of count: Int) {
        let seen = turns.load(ordering: .relaxed)
        guard count > 1, seen % count == host else { return }
        _ = turns.compareExchange(expected: seen, desired: seen + 1, ordering: .relaxed)
    }

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
