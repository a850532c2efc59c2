import Foundation

/// Threads of a test's own, each for one job. A dispatch queue has only as many threads as there are cores, and tests
/// that wait occupy them.
package final class ThreadGroup: Sendable {
    private let group = DispatchGroup()

    package init() {}

    /// Starts `body` on a thread of its own.
    package func start(_ body: @escaping @Sendable () -> Void) {
        group.enter()
        Thread.detachNewThread { [group] in
            body()
            group.leave()
        }
    }

    /// Waits until all have ended.
    package func wait() { group.wait() }

    /// Runs `body` on so many threads at once and waits for all of them.
    package static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = ThreadGroup()
        for index in 0..<count { group.start { body(index) } }
        group.wait()
    }
}
