import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Removes blobs that are noted to go: in stores elsewhere, where keys are never used again, so that it takes no locks; and here, what a crash
/// has left of those that go after their transaction.
struct RemoveElsewhere {
    let context: Context

    /// - Returns: how many were removed.
    func run() throws -> Int {
        let queue = BlobRemovalRepository(context.connection)
        var count = 0
        var last: Int64 = 0
        var failed: Set<String> = []
        while case let due = try queue.due(context.now(), after: last, limit: 1000), let end = due.last {
            last = end.id
            for entry in due where !failed.contains(entry.place.store) {
                do {
                    if entry.place.isLocal {
                        try RemoveBlob(context: context).transaction { _ in [entry.sha256] }
                    } else {
                        try context.environment.stores.storage(entry.place.store)
                            .remove(BlobKey(sha256: entry.sha256, token: entry.place.token))
                    }
                } catch {
                    // The others of a store that is away wait until it is back.
                    failed.insert(entry.place.store)
                    context.logger.warning(
                        "blobs can't be removed", metadata: ["store": "\(entry.place.store)", "error": "\(error)"])
                    continue
                }
                try context.connection.transaction { try BlobRemovalRepository($0).remove(entry.id) }
                count += 1
            }
        }
        return count
    }

    /// Takes back what uploads have begun in stores and not ended.
    func removeUnfinished() throws -> Int {
        // No upload takes longer.
        let grace = max(86400, context.environment.configuration.number(.uploadGrace))
        return try context.environment.stores.others.reduce(0) { count, store in
            try count + store.storage.removeUnfinished(olderThan: grace, now: context.now())
        }
    }
}
