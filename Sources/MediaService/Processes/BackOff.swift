/// How long to wait before something that keeps failing is tried again: 0.1 s, doubling, 10 s at most.
struct BackOff {
    private var failures = 0
    private var until: ContinuousClock.Instant?

    var isOver: Bool { until.map { $0 <= .now } ?? true }

    mutating func failed() {
        let delay = min(10_000, 100 << min(failures, 7))
        failures += 1
        until = .now + .milliseconds(delay)
    }

    mutating func reset() {
        failures = 0
        until = nil
    }
}
