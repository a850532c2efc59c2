import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Makes public links fit their records.
struct SettlePublications {
    let context: Context

    /// Settles what was noted more than a few seconds ago: a request that was to do it has ended without.
    ///
    /// - Returns: how many records were settled.
    func run() throws -> Int {
        let due = try PublicationQueue(context.connection)
            .entries(before: context.now().adding(seconds: -10), limit: 1000)
        var count = 0
        for id in due {
            do {
                try settle(id)
            } catch {
                // One that can't be settled, such as a record without its blob, must not hold up the others.
                context.logger.error(
                    "a public link can't be settled", metadata: ["media": "\(id)", "error": "\(error)"])
                continue
            }
            count += 1
            context.environment.metrics.add(.publicationsSettled)
            context.logger.notice("public link settled", metadata: ["media": "\(id)"])
        }
        return count
    }

    /// Makes or removes a record's public link, as the record says now, and removes the note.
    ///
    /// The record stays locked meanwhile: of two requests that change it, the later one has the last word on disk too.
    func settle(_ id: MediaID) throws {
        let storage = context.environment.storage
        try context.connection.transaction { connection in
            if let media = try MediaRepository(connection).findForUpdate(id), media.isPublished,
                let sha256 = media.sha256, try context.isHere(sha256, connection)
            {
                try storage.publish(id, name: media.publicName, sha256: sha256)
                // Of a file that was replaced, or of a replacement that came to nothing.
                try storage.unpublishOthers(than: media.publicName, of: id)
            } else {
                try storage.unpublish(id)
            }
            try PublicationQueue(connection).remove(id)
        }
    }
}
