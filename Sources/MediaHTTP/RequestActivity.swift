internal import Glibc
internal import Synchronization

/// What a thread is serving and since when; read by the watchdog.
final class RequestActivity: Sendable {
    /// A request that runs longer than it may.
    struct Overdue {
        let requestID: String
        let seconds: Int
        /// Whether this is the first time it is seen.
        let isNew: Bool
    }

    private struct State {
        var requestID: String?
        var since: Int64 = 0
        var isReported = false
    }

    private let state = Mutex(State())

    func begin(_ requestID: String) {
        state.withLock { $0 = State(requestID: requestID, since: Self.now()) }
    }

    func end() {
        state.withLock { $0 = State() }
    }

    func overdue(limit: Int) -> Overdue? {
        state.withLock { state in
            guard let requestID = state.requestID else { return nil }
            let seconds = Int(Self.now() - state.since)
            guard seconds > limit else { return nil }
            defer { state.isReported = true }
            return Overdue(requestID: requestID, seconds: seconds, isNew: !state.isReported)
        }
    }

    /// Seconds of a clock that never goes back; the coarse one, since it costs no system call.
    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return Int64(time.tv_sec)
    }
}
