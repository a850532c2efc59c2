import Glibc
import CLinux
package import MediaStorage
import Synchronization

/// The service's counters, in memory that all its processes share: what one worker counts, every worker can report.
///
/// The memory is a file in the run folder: the supervisor opens it and its workers inherit it, `mediad work` opens it too.
/// So a worker's counts outlive the worker, and all counts outlive a restart of the service.
package final class Metrics: Sendable {
    /// Seconds, upper bounds of the durations' buckets.
    static let durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    static let maxRoutes = 64

    private static let statusOffset = 64
    private static let durationOffset = statusOffset + maxRoutes * 6
    private static let durationStride = 16
    private static let count = durationOffset + maxRoutes * durationStride

    /// The shared memory's descriptor, which a worker inherits.
    package let descriptor: Int32
    // `unsafe` since no pointer is Sendable. Safe to share: it never changes, lives as long as this object, and what it points to is
    // atomic.
    private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<Int>>

    /// New counters, all zero, of this process alone.
    package convenience init() {
        let descriptor = memfd_create("media-metrics", 0)
        precondition(descriptor >= 0 && ftruncate(descriptor, off_t(Self.count * 8)) == 0, "no memory for counters")
        self.init(inherited: descriptor)
    }

    /// The counters that all processes with this run folder share.
    package convenience init(runFolder: String) throws(StorageError) {
        // Another build may have other counters, or the same in another order.
        let path = "\(runFolder)/metrics-\(Self.layout)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.count * 8)) == 0 else {
            throw StorageError(code: errno, operation: "open", path: path)
        }
        self.init(inherited: descriptor)
    }

    /// Names what lies where in the memory (FNV-1a).
    private static let layout: String = {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(count) \(Counter.allCases.map(\.metricName))".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return String(hash, radix: 16)
    }()

    /// The counters of the supervisor that started this process.
    package init(inherited descriptor: Int32) {
        self.descriptor = descriptor
        let memory = mmap(nil, Self.count * 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { preconditionFailure("the counters can't be mapped") }
        // Zeroed memory is an atomic zero, and atomic operations on integers hold between processes.
        cells = memory.bindMemory(to: Atomic<Int>.self, capacity: Self.count)
    }

    deinit {
        munmap(cells, Self.count * 8)
    }

    package func add(_ counter: Counter, _ amount: Int = 1) {
        cells[counter.rawValue].add(amount, ordering: .relaxed)
    }

    package func set(_ counter: Counter, _ value: Int) {
        cells[counter.rawValue].store(value, ordering: .relaxed)
    }

    package func value(_ counter: Counter) -> Int { cells[counter.rawValue].load(ordering: .relaxed) }

    /// Counts an answer.
    ///
    /// - Parameters:
    ///   - route: the route's index.
    ///   - status: the HTTP status.
    ///   - microseconds: how long it took.
    func addRequest(route: Int, status: Int, microseconds: Int) {
        let route = min(route, Self.maxRoutes - 1)
        cells[Self.statusOffset + route * 6 + min(status / 100, 5)].add(1, ordering: .relaxed)
        let seconds = Double(microseconds) / 1e6
        let bucket = Self.durationBounds.firstIndex { seconds <= $0 } ?? Self.durationBounds.count
        let start = Self.durationOffset + route * Self.durationStride
        cells[start + bucket].add(1, ordering: .relaxed)
        cells[start + Self.durationStride - 1].add(microseconds, ordering: .relaxed)
    }

    /// All counters in Prometheus' text format, version 0.0.4.
    ///
    /// - Parameter routes: the routes' names in the order of their indices.
    func text(routes: [String]) -> String {
        var lines: [String] = []
        for counter in Counter.allCases {
            lines.append("# HELP \(counter.metricName) \(counter.help)")
            lines.append("# TYPE \(counter.metricName) \(counter.isGauge ? "gauge" : "counter")")
            lines.append("\(counter.metricName) \(value(counter))")
        }
        lines.append("# HELP media_http_requests_total Answers of the workers, by route and class of status.")
        lines.append("# TYPE media_http_requests_total counter")
        for (index, route) in routes.enumerated() {
            for status in 1...5 {
                let value = cells[Self.statusOffset + index * 6 + status].load(ordering: .relaxed)
                if value > 0 {
                    lines.append("media_http_requests_total{route=\"\(route)\",status=\"\(status)xx\"} \(value)")
                }
            }
        }
        lines.append("# HELP media_http_request_duration_seconds Time from a request's head to its answer.")
        lines.append("# TYPE media_http_request_duration_seconds histogram")
        for (index, route) in routes.enumerated() { lines += durationLines(route, index) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func durationLines(_ route: String, _ index: Int) -> [String] {
        let name = "media_http_request_duration_seconds"
        let start = Self.durationOffset + index * Self.durationStride
        let counts = (0...Self.durationBounds.count).map { cells[start + $0].load(ordering: .relaxed) }
        let total = counts.reduce(0, +)
        guard total > 0 else { return [] }
        var lines: [String] = []
        var sum = 0
        for (bound, count) in zip(Self.durationBounds, counts) {
            sum += count
            lines.append("\(name)_bucket{route=\"\(route)\",le=\"\(bound)\"} \(sum)")
        }
        lines.append("\(name)_bucket{route=\"\(route)\",le=\"+Inf\"} \(total)")
        let microseconds = cells[start + Self.durationStride - 1].load(ordering: .relaxed)
        lines.append("\(name)_sum{route=\"\(route)\"} \(Double(microseconds) / 1e6)")
        lines.append("\(name)_count{route=\"\(route)\"} \(total)")
        return lines
    }
}
