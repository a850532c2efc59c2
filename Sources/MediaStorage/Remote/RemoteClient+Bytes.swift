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
