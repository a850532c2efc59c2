import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Removes what unfinished uploads left in the store.
struct SettleUploads {
    let context: Context

    /// Settles the uploads that are older than the grace period, and removes files that never became one.
    ///
    /// - Returns: how many uploads and files were removed.
    func run() throws -> Int {
        let configuration = context.environment.configuration
        let grace = configuration.number(.uploadGrace)
        let due = try UploadLedger(context.connection).entries(
            before: context.now().adding(seconds: -grace), limit: 1000)
        var count = 0
        for entry in due {
            do {
                try settle(entry)
            } catch {
                context.logger.error(
                    "an unfinished upload can't be removed",
                    metadata: ["media": "\(entry.mediaID)", "error": "\(error)"])
                continue
            }
            count += 1
            context.environment.metrics.add(.uploadsSettled)
            context.logger.notice(
                "unfinished upload removed", metadata: ["media": "\(entry.mediaID)", "sha256": "\(entry.sha256)"])
        }
        try RemoveBlob(context: context).settle()
        return count
            + (try context.environment.storage.removeAbandoned(
                olderThan: grace, now: context.now(), settle: settlePlaced))
    }

    /// Settles what was placed here for something that may never have come.
    ///
    /// - Parameter record: that was to have it, and may have its public link already.
    /// - Returns: whether that was done.
    private func settlePlaced(_ sha256: String, _ record: MediaID?) -> Bool {
        do {
            try RemoveBlob(context: context).transaction { connection in
                if let record, try MediaRepository(connection).findForUpdate(record) == nil {
                    try Turns(connection).take(.publication(record))
                    try context.environment.storage.unpublish(record)
                }
                return [sha256]
            }
            return true
        } catch {
            context.logger.error(
                "an unfinished upload can't be removed", metadata: ["sha256": "\(sha256)", "error": "\(error)"])
            return false
        }
    }

    /// The same of one that has just failed; where it can't be settled now, its name in the staging folder says so.
    func settleFailed(_ file: CheckedFile) {
        if !settlePlaced(file.sha256, file.file.staged.record) { file.file.staged.leave() }
    }

    /// Settles one upload: its content goes unless something else has it, and its entry goes.
    ///
    /// The locks on the blob's and the ledger's rows, and the content's turn, keep every other upload of the same content from
    /// being placed in between: one that comes earlier is seen here, one that comes later places the content anew.
    func settle(_ entry: UploadLedger.Entry) throws {
        try RemoveBlob(context: context).transaction { connection in
            // Blobs before the ledger, in every transaction that locks both.
            let blob = try BlobRepository(connection).findForUpdate(entry.sha256)
            // The entry is gone where the upload came to its end after all, or where housekeeping was quicker: then the
            // upload may have placed its file meanwhile.
            let isRemoved = try UploadLedger(connection).remove(entry.mediaID)
            if !isRemoved, try MediaRepository(connection).find(entry.mediaID) != nil { return [] }
            if entry.place.isLocal {
                // Earlier versions made public links before the record.
                if isRemoved { try context.environment.storage.unpublish(entry.mediaID) }
                return [entry.sha256]
            }
            // A direct upload that has not ended keeps its place, and so does a part of one.
            if try UploadPartRepository(connection).contains(entry.sha256, entry.place) { return [] }
            let isClaimed = try UploadLedger(connection).placesLocked(entry.sha256).contains(entry.place)
            if !isClaimed, blob?.place != entry.place, blob?.replica != entry.place {
                try BlobRemovalRepository(connection).add(entry.sha256, entry.place, due: context.now())
            }
            return []
        }
    }

    /// Settles uploads that have just failed; what can't be settled now stays for housekeeping, which the ledger tells.
    func settleFailed(_ entries: [UploadLedger.Entry]) {
        for entry in entries {
            do {
                try settle(entry)
            } catch {
                context.logger.warning(
                    "an unfinished upload stays for housekeeping",
                    metadata: ["media": "\(entry.mediaID)", "error": "\(error)"])
            }
        }
    }
}
