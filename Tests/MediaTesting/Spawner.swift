import Foundation

/// A thread that lives as long as the test process and starts all of its servers.
///
/// They ask to be killed when the thread that started them ends (`PR_SET_PDEATHSIG`), so that not even a crash of the
/// tests leaves one behind; a thread of a pool may end at any time.
final class Spawner: @unchecked Sendable {
    static let shared = Spawner()

    private let condition = NSCondition()
    private var jobs: [() -> Void] = []

    private init() {
        Thread.detachNewThread { [self] in work() }
    }

    /// Runs `body` on the thread and waits for it.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
        nonisolated(unsafe) var result: Result<T, any Error>?
        let done = DispatchSemaphore(value: 0)
        condition.lock()
        jobs.append {
            result = Result(catching: body)
            done.signal()
        }
        condition.signal()
        condition.unlock()
        done.wait()
        guard let result else { throw TestFailure("the starting thread gave no result") }
        return try result.get()
    }

    private func work() {
        while true {
            condition.lock()
            while jobs.isEmpty { condition.wait() }
            let job = jobs.removeFirst()
            condition.unlock()
            job()
        }
    }
}
