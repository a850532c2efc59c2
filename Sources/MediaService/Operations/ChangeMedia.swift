import Logging
import MediaCore
import MediaDatabase

/// Changes and deletes records.
struct ChangeMedia {
    let context: Context

    /// What to change of a record; nil leaves a field as it is.
    struct Changes: Equatable {
        /// Nil inside: no entity.
        var entity: EntityReference??
        /// Nil inside: no metadata.
        var metadata: JSON??
        var isPublic: Bool?
        /// Nil inside: no title.
        var title: String??
    }

    /// - Throws: 404 where there is no such record, or it is deleted.
    func update(_ id: String, _ changes: Changes, _ caller: Caller) throws -> Media {
        var actions = [AccessPolicy.RecordAction.update]
        if case .some(.some(let entity)) = changes.entity { actions.append(.attach(entity)) }
        return try change(id, "media updated", actions, caller) { media in
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
        try change(id, "media deleted", [.delete], caller) { $0.status = .deleted }
    }

    private func change(
        _ id: String, _ event: Logger.Message, _ actions: [AccessPolicy.RecordAction], _ caller: Caller,
        _ body: (inout Media) -> Void
    ) throws -> Media {
        for action in actions { try Authorize.checkEarly(caller, action) }
        guard let mediaID = MediaID(id) else {
            for action in actions { try Authorize.check(caller, .act(action, nil), id: id) }
            throw Problem.mediaNotFound(String(id.prefix(100)))
        }
        let now = context.now()
        let changed = try context.connection.transaction { connection -> Media? in
            let repository = MediaRepository(connection)
            let found = try repository.findForUpdate(mediaID)
            if let found, found.status == .deleted { return nil }
            for action in actions { try Authorize.check(caller, action, on: found, id: id, connection) }
            guard let old = found else { throw Problem.mediaNotFound(id) }
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
