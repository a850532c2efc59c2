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
    /// The record stays locked meanwhile: of two requests that change it, the later one has the last word on disk too. On different
    /// nodes of a cluster whoever changes the disk takes a turn before, and does it over where it came too late.
    func settle(_ id: MediaID) throws {
        let storage = context.environment.storage
        try context.connection.transaction { connection in
            let links = try links(of: MediaRepository(connection).findForUpdate(id), connection)
            if try storage.hasPublication(id, links) {
                // Whoever made them may not have come to that yet.
                try storage.syncPublication(id)
            } else {
                try Turns(connection).take(.publication(id))
                try storage.publish(id, exactly: links)
            }
            try PublicationQueue(connection).remove(id)
        }
    }

    /// The public links that a record has to have: of its file, and of what was made of it. Of what lies elsewhere there are none.
    func links(of media: Media?, _ connection: Connection) throws -> [(name: String, sha256: String)] {
        guard let media, media.isPublished, let sha256 = media.shownSHA256 ?? media.sha256 else { return [] }
        var links = [(name: media.publicName, sha256: sha256)]
        if !media.variants.isEmpty {
            // What is called as the file itself has no link.
            links += try VariantRepository(connection).all(of: media.id).filter {
                !$0.isHidden && $0.variant.fileName != media.publicName
            }.map { ($0.variant.fileName, $0.sha256) }
        }
        return try links.filter { try context.isHere($0.sha256, connection) }
    }
}
