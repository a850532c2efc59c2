import Synchronization

/// Keeps what happens many times a second from filling the log: one line in a while says it.
final class LogPace: Sendable {
    private let pause: Duration
    private let next = Mutex<ContinuousClock.Instant?>(nil)

    init(onceIn pause: Duration) {
        self.pause = pause
    }

    /// Whether it is to be said now.
    func isDue(at now: ContinuousClock.Instant = .now) -> Bool {
        next.withLock { next in
            if let next, now < next { return false }
            next = now + pause
            return true
        }
    }
}
