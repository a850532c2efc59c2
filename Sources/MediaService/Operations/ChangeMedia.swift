import Logging
import MediaCore
import MediaDatabase

/// Changes and deletes records.
struct ChangeMedia {
    let context: Context

    /// What to change of a record; nil leaves a field as it is.
    struct Changes: Equatable {
        /// Nil inside: no entity.
        var entity: Entity??
        /// Nil inside: no metadata.
        var metadata: JSON??
        var isPublic: Bool?
        /// Nil inside: no title.
        var title: String??

        struct Entity: Equatable {
            var type: String
            var id: String
        }
    }

    /// - Throws: 404 where there is no such record, or it is deleted.
    func update(_ id: String, _ changes: Changes, _ caller: Caller) throws -> Media {
        try Authorize.check(caller, .updateRecord, id: id)
        return try change(id, "media updated") { media in
            if let entity = changes.entity {
                media.entityType = entity?.type
                media.entityID = entity?.id
            }
            if let metadata = changes.metadata { media.metadata = metadata }
            if let isPublic = changes.isPublic { media.isPublic = isPublic }
            if let title = changes.title { media.title = title }
        }
    }

    /// Marks a record as deleted. Its file can't be had from then on.
    ///
    /// - Throws: 404 where there is no such record, or it is deleted.
    func delete(_ id: String, _ caller: Caller) throws -> Media {
        try Authorize.check(caller, .deleteRecord, id: id)
        return try change(id, "media deleted") { $0.status = .deleted }
    }

    private func change(_ id: String, _ event: Logger.Message, _ body: (inout Media) -> Void) throws -> Media {
        guard let mediaID = MediaID(id) else { throw Problem.mediaNotFound(String(id.prefix(100))) }
        let now = context.now()
        let changed = try context.connection.transaction { connection -> Media? in
            let repository = MediaRepository(connection)
            guard let old = try repository.findForUpdate(mediaID) else { throw Problem.mediaNotFound(id) }
            guard old.status != .deleted else { return nil }
            var new = old
            body(&new)
            new.updatedAt = max(now, old.updatedAt)
            try repository.update(new, from: old)
            if new.isPublished != old.isPublished {
                try PublicationQueue(connection).add(mediaID, now: now)
            }
            return new
        }
        // Also where nothing changed: whoever changed it may not have taken the link away yet, or may have failed to, and
        // no answer may say that a file is private or deleted while its link is there.
        try SettlePublications(context: context).settle(mediaID)
        guard let new = changed else { throw Problem.mediaNotFound(id) }
        context.logger.info(event, metadata: ["media": "\(id)"])
        return new
    }
}
