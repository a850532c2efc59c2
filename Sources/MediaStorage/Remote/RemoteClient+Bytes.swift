internal import Dispatch
internal import Synchronization

extension RemoteClient {
    /// Reads a range of what a server has, and goes on where a connection breaks.
    ///
    /// - Parameter make: makes the request for a range.
    func read(
        _ operation: String, _ range: Range<Int64>, _ make: (Range<Int64>) throws -> HTTPClient.Request,
        sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var position = range.lowerBound
        var failures = 0
        while position < range.upperBound {
            let start = position
            do {
                let answer = try send(operation, expecting: [200, 206, 416]) {
                    try make(position..<range.upperBound)
                } sink: { bytes in
                    guard Int64(bytes.count) <= range.upperBound - position else {
                        throw RemoteStorageError(
                            store: self.store, kind: .damaged, operation: operation, status: 0,
                            detail: "more came than was asked for")
                    }
                    try sink(bytes)
                    position += Int64(bytes.count)
                }
                // There is no more, or nothing at all behind the start.
                if answer.head.status == 416 || position == start { return }
                if answer.head.status == 200, start > 0 {
                    throw RemoteStorageError(
                        store: store, kind: .unexpected, operation: operation, status: 200,
                        detail: "the store knows no ranges")
                }
                let total = answer.head["content-range"].flatMap { $0.split(separator: "/").last }.flatMap { Int64($0) }
                if let total, position >= total { return }
                if answer.head.status == 200 { return }
            } catch let error as RemoteStorageError where error.isTransient {
                failures = position > start ? 1 : failures + 1
                guard failures < limits.attempts else { throw error }
            }
        }
    }
}

/// Work on several threads at the same time.
enum Parallel {
    /// Calls `body` with each number below `count`, up to `width` of them at the same time. After a failure none is begun.
    ///
    /// - Throws: the first failure.
    static func run(_ count: Int, width: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
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
