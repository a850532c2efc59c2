internal import Dispatch
internal import Synchronization

/// Work on several threads at the same time.
package enum Parallel {
    /// Calls `body` with each number below `count`, up to `width` of them at the same time. After a failure none is begun.
    ///
    /// - Throws: the first failure.
    package static func run(_ count: Int, width: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        if count == 1 { return try body(0) }
        let state = Mutex<(next: Int, error: (any Error)?)>((0, nil))
        let group = DispatchGroup()
        for number in 0..<min(width, count) {
            // Each queue has a thread of its own, also while the others wait for the network.
            DispatchQueue(label: "parallel-\(number)").async(group: group) {
                while true {
                    let index: Int? = state.withLock { state in
                        guard state.error == nil, state.next < count else { return nil }
                        state.next += 1
                        return state.next - 1
                    }
                    guard let index else { return }
                    do {
                        try body(index)
                    } catch {
                        state.withLock { $0.error = $0.error ?? error }
                    }
                }
            }
        }
        group.wait()
        if let error = state.withLock({ $0.error }) { throw error }
    }
}
