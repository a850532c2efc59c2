import MediaTesting
import Synchronization

/// The answers' statuses of requests that run at the same time.
enum Statuses {
    /// - Parameter request: gets its number, and returns its status; one that fails otherwise counts as 0.
    static func of(_ count: Int, _ request: @escaping @Sendable (Int) throws -> Int) -> [Int] {
        let statuses = Mutex<[Int]>([])
        ThreadGroup.run(count) { number in
            let status = (try? request(number)) ?? 0
            statuses.withLock { $0.append(status) }
        }
        return statuses.withLock { $0 }
    }
}
