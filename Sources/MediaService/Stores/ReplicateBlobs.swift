import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// Brings a second copy of each content to the store that the settings name for that, on a thread of `mediad work`.
struct ReplicateBlobs {
    /// Contents that are looked up at once.
    private static let page = 100

    let context: Context

    static func start(_ environment: Environment, _ ending: Ending) {
        guard environment.stores.replica != nil else { return }
        ending.enter()
        Thread.start("replication") {
            let replicate = ReplicateBlobs(context: Context(environment))
            while !ending.isNear {
                var count = 0
                do {
                    count = try replicate.run(ending)
                } catch {
                    environment.logger.error("second copies can't be made", metadata: ["error": "\(error)"])
                }
                for _ in 0..<50 where !ending.isNear && count == 0 { usleep(100_000) }
            }
            ending.leave()
        }
    }

    /// Goes through all contents without a second copy once.
    ///
    /// - Returns: how many have one now.
    func run(_ ending: Ending? = nil) throws -> Int {
        guard let store = context.environment.stores.replica else { return 0 }
        let rate = RateLimit(.max)
        var count = 0
        var last: String?
        while case let page = try BlobRepository(context.connection)
            .entriesWithoutReplica(outside: store, after: last, limit: Self.page), let end = page.last
        {
            last = end.sha256
            for entry in page where ending?.isNear != true {
                do {
                    if try replicate(entry, to: store, rate) { count += 1 }
                } catch {
                    // Another one's copy may be made all the same.
                    context.logger.error(
                        "a second copy can't be made", metadata: ["sha256": "\(entry.sha256)", "error": "\(error)"])
                }
            }
            if ending?.isNear == true { break }
        }
        return count
    }

    func replicate(_ entry: BlobRepository.Entry, to store: String, _ rate: RateLimit) throws -> Bool {
        let copy = CopyBlob(context: context)
        let file = try copy.fetch(entry, from: entry.place, rate)
        return try copy.put(file, entry.sha256, in: store) { place, connection in
            try BlobRepository(connection).setReplica(entry.sha256, place)
        }
    }
}
