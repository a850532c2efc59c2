internal import MediaCore
internal import Synchronization

/// Totals of lists that took long to count or to add up, kept for a while by each process. Of ten million records that takes seconds, and
/// of so many nobody misses the last one.
package final class KnownTotals<Total: Sendable>: Sendable {
    /// A list's source with its parameters, byte for byte, as the database compares them.
    struct List: Hashable {
        private var bytes: [UInt8]

        init(source: String, parameters: [Value]) {
            bytes = Array(source.utf8)
            for value in parameters {
                switch value {
                case .null: add("n", [])
                case .integer(let number): add("i", "\(number)".utf8)
                case .timestamp(let moment): add("m", "\(moment.milliseconds)".utf8)
                case .text(let text): add("t", text.utf8)
                case .bytes(let content): add("b", content)
                }
            }
        }

        private mutating func add(_ kind: Unicode.Scalar, _ content: some Collection<UInt8>) {
            bytes.append(UInt8(ascii: kind))
            bytes.append(contentsOf: "\(content.count):".utf8)
            bytes.append(contentsOf: content)
        }
    }

    private struct Known {
        var total: Total
        var end: ContinuousClock.Instant
        /// Whether somebody counts it again. Others don't wait for that: all at once would take much longer each.
        var isRenewed = false

        /// The total, unless it is to be counted again by whoever asks.
        mutating func answer(at moment: ContinuousClock.Instant, renewedFor lifetime: Duration) -> Total? {
            if moment < end || isRenewed && moment < end + lifetime { return total }
            isRenewed = true
            return nil
        }
    }

    /// What takes less is counted each time.
    private let long = Duration.milliseconds(100)
    private let limit = 1000

    private let known = Mutex<[List: Known]>([:])
    private let lifetime: Duration

    /// - Parameter seconds: for how long a total is kept; 0: none is.
    package init(seconds: Int) {
        lifetime = .seconds(seconds)
    }

    func total(
        of list: List, _ count: () throws(MariaDBError) -> Total
    ) throws(MariaDBError) -> Total {
        let start = ContinuousClock.now
        if let total = known.withLock({ $0[list]?.answer(at: start, renewedFor: lifetime) }) { return total }
        do {
            let total = try count()
            keep(total, of: list, since: start)
            return total
        } catch {
            known.withLock { $0[list] = nil }
            throw error
        }
    }

    private func keep(_ total: Total, of list: List, since start: ContinuousClock.Instant) {
        let end = ContinuousClock.now
        known.withLock { [lifetime, limit, long] known in
            guard end - start >= long, lifetime > .zero else {
                known[list] = nil
                return
            }
            if known.count >= limit { known = known.filter { end < $0.value.end } }
            if known.count >= limit { known.removeAll() }
            known[list] = Known(total: total, end: end + lifetime)
        }
    }
}
