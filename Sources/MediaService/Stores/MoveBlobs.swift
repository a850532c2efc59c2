import Logging
import MediaCore
import MediaDatabase
import MediaStorage
import Synchronization

/// `mediad move`: brings all contents of one store to another while the service runs. Each is copied, its hash compared, and only then
/// said to lie there; the old one goes a while later. Whatever ends it, the next run goes on.
package final class MoveBlobs: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package struct Sums: Sendable {
        package var blobs: Int64 = 0
        package var bytes: Int64 = 0
        package var failed: Int64 = 0
    }

    /// Seconds for which the old blob stays: whoever was led there may still be reading.
    private static let grace = 3600

    private let environment: Environment
    private let source: String
    private let target: String
    private let rate: RateLimit
    private let report: @Sendable (StoreFinding) -> Void
    private let sums = Mutex(Sums())

    /// - Parameters:
    ///   - rate: bytes a second that are read at most.
    ///   - report: gets what can't be moved.
    package init(
        _ environment: Environment, from source: String, to target: String, rate: Int64,
        report: @escaping @Sendable (StoreFinding) -> Void
    ) throws(Failure) {
        let names = environment.stores.names
        for name in [source, target] where !names.contains(name) {
            throw Failure(description: "there is no store '\(name)'; there are \(names.joined(separator: ", "))")
        }
        guard source != target else { throw Failure(description: "both are the store '\(source)'") }
        self.environment = environment
        self.source = source
        self.target = target
        self.rate = RateLimit(rate)
        self.report = report
    }

    /// What lies in the store that they are moved from.
    package func waiting() throws -> Sums {
        let usage = try BlobRepository(Context(environment).connection).sum(in: source)
        return Sums(blobs: usage.files, bytes: usage.bytes)
    }

    /// - Parameters:
    ///   - threads: how many are moved at the same time.
    ///   - progress: gets what was moved so far, again and again.
    package func run(threads: Int, progress: (Sums) -> Void) throws -> Sums {
        let context = Context(environment)
        var last: String?
        while case let page = try BlobRepository(context.connection).entries(in: source, after: last, limit: 500),
            !page.isEmpty
        {
            last = page.last?.sha256
            let next = Atomic<Int>(0)
            let width = min(threads, page.count)
            try Parallel.run(width, width: width) { [self] _ in
                let context = Context(environment)
                while case let index = next.add(1, ordering: .relaxed).oldValue, index < page.count {
                    move(page[index], context)
                }
            }
            progress(sums.withLock { $0 })
        }
        return sums.withLock { $0 }
    }

    private func move(_ entry: BlobRepository.Entry, _ context: Context) {
        do {
            guard try moved(entry, context) else { return }
            sums.withLock {
                $0.blobs += 1
                $0.bytes += entry.size
            }
        } catch {
            sums.withLock { $0.failed += 1 }
            report(
                .init(
                    kind: error is CopyBlob.Damaged ? .rot : .unmoved,
                    subject: "\(entry.place.store)/\(entry.sha256)",
                    text: "\(error)"))
        }
    }

    private func moved(_ entry: BlobRepository.Entry, _ context: Context) throws -> Bool {
        var published: [MediaID] = []
        func flip(_ place: BlobPlace, _ connection: Connection) throws -> Bool {
            guard try BlobRepository(connection).move(entry.sha256, from: entry.place, to: place) else { return false }
            try BlobRemovalRepository(connection).add(
                entry.sha256, entry.place, due: context.now().adding(seconds: Self.grace))
            // Their links come or go.
            published = try MediaRepository(connection).published(with: entry.sha256)
            for id in published { try PublicationQueue(connection).add(id, now: context.now()) }
            return true
        }
        let isMoved: Bool
        if let replica = entry.replica, replica.store == target {
            // It lies there already; what was the first copy goes.
            isMoved = try context.connection.transaction { connection in
                guard try BlobRepository(connection).clearReplica(entry.sha256, replica) else { return false }
                return try flip(replica, connection)
            }
        } else {
            let file = try CopyBlob(context: context).fetch(entry, from: entry.place, rate)
            isMoved = try CopyBlob(context: context).put(file, entry.sha256, in: target, commit: flip)
        }
        guard isMoved else { return false }
        for id in published { try SettlePublications(context: context).settle(id) }
        if entry.place.isLocal { try RemoveBlob(context: context).transaction { _ in [entry.sha256] } }
        return true
    }
}
