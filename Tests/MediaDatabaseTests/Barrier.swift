import Foundation

/// Threads wait here until all of them have come.
final class Barrier: @unchecked Sendable {
    private let condition = NSCondition()
    private var missing: Int

    init(_ count: Int) {
        missing = count
    }

    func arrive() {
        condition.lock()
        defer { condition.unlock() }
        missing -= 1
        if missing <= 0 { condition.broadcast() }
        let limit = Date(timeIntervalSinceNow: 10)
        while missing > 0, condition.wait(until: limit) {}
    }
}
