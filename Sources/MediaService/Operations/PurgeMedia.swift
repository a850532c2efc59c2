import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Removes deleted records for good, with their bytes.
struct PurgeMedia {
    let context: Context

    /// Removes what was deleted longer ago than the retention time.
    ///
    /// - Returns: how many records went.
    func run() throws -> Int {
        let retention = context.environment.configuration.number(.retention)
        let due = try MediaRepository(context.connection)
            .deleted(before: context.now().adding(seconds: -retention), limit: 1000)
        var count = 0
        for id in due {
            do {
                if try purge(
                    id, deletedBefore: context.now().adding(seconds: -retention), .purge, by: Context.housekeeping)
                {
                    count += 1
                }
            } catch {
                // One that can't be removed must not hold up the others.
                context.logger.error("a record can't be purged", metadata: ["media": "\(id)", "error": "\(error)"])
            }
        }
        return count
    }

    /// Removes one deleted record.
    ///
    /// - Parameters:
    ///   - moment: a record that was restored, or deleted anew, after this stays; nil: it goes whatever it is.
    ///   - action: as the audit log has it.
    ///   - caller: who removes it.
    /// - Returns: whether it was there.
    func purge(
        _ id: MediaID, deletedBefore moment: Timestamp?, _ action: AuditAction, by caller: String
    ) throws -> Bool {
        var isPurged = false
        var hasUnpublished = false
        try RemoveBlob(context: context).transaction { connection in
            isPurged = false
            let records = MediaRepository(connection)
            guard var media = try records.findForUpdate(id) else { return [] }
            if let moment { guard let deletion = media.deletion, deletion.at <= moment else { return [] } }
            if media.status != .deleted {
                // Restored meanwhile.
                let restored = media
                try media.delete(at: context.now())
                try context.note(.delete, caller, from: restored, to: media, connection)
            }
            // Taken away when it was deleted; a crash may have come in between.
            try Turns(connection).take(.publication(id))
            try context.environment.storage.unpublish(id)
            hasUnpublished = true
            try PublicationQueue(connection).remove(id)
            let versions = try MediaVersionRepository(connection).remove(of: id)
            let variants = try VariantRepository(connection).removeAll(of: id)
            try records.remove(id)
            let hashes = versions.map(\.sha256) + variants.map(\.sha256) + [media.sha256].compactMap(\.self)
            // In one order everywhere, as uploads lock them.
            for sha256 in hashes.sorted() { try BlobRepository(connection).release(sha256: sha256, now: context.now()) }
            try context.note(action, caller, from: media, to: nil, connection)
            let usage = Usage(bytes: versions.reduce(media.storedSize) { $0 + $1.size }, files: 1)
            try CountUsage(environment: context.environment).add(-usage, of: media.userID, connection)
            isPurged = true
            return Set(hashes)
        }
        guard isPurged else {
            // It lost against another transaction, which has restored the record.
            if hasUnpublished { try SettlePublications(context: context).settle(id) }
            return false
        }
        context.environment.metrics.add(.recordsPurged)
        context.logger.notice("media purged", metadata: ["media": "\(id)"])
        return true
    }
}
