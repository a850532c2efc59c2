import Logging
import MediaCore
import MediaDatabase

/// Changes, deletes and restores records.
struct ChangeMedia {
    let context: Context

    /// What to change of a record; nil leaves a field as it is.
    struct Changes: Equatable {
        /// Nil inside: no entity.
        var entity: EntityReference??
        var metadata: MetadataChange?
        var isPublic: Bool?
        /// Nil inside: no title.
        var title: String??
        /// A step of the record's life, but for deletion.
        var status: MediaStatus?
        /// Where a record points to that points outside.
        var url: String?
    }

    /// - Parameter alongside: runs in the transaction that does it, maybe several times.
    /// - Throws: 404 where there is no such record, or it is deleted; 412 where it isn't the one that was expected.
    func update(
        _ id: String, _ changes: Changes, if precondition: Precondition = .none, _ caller: Caller,
        alongside: ((Connection, Media) throws -> Void)? = nil
    ) throws -> Media {
        var actions = [AccessPolicy.RecordAction.update]
        if case .some(.some(let entity)) = changes.entity { actions.append(.attach(entity)) }
        let limit = context.environment.configuration.number(.metadataBytes)
        return try change(id, .update, actions, if: precondition, caller, alongside) { media throws in
            if let entity = changes.entity {
                media.entityType = entity?.type
                media.entityID = entity?.id
            }
            if let metadata = changes.metadata {
                media.metadata = media.ownMetadata(try metadata.apply(to: media.metadata, limit: limit))
            }
            if let isPublic = changes.isPublic { media.isPublic = isPublic }
            if let title = changes.title { media.title = title }
            if let url = changes.url { try point(&media, to: url) }
            if let status = changes.status { try step(&media, to: status) }
        }
    }

    /// A record whose file is here can't point elsewhere; to say where it is changes nothing.
    private func point(_ media: inout Media, to url: String) throws(Problem) {
        let base = context.environment.baseURL
        if url == media.url(baseURL: base) { return }
        guard media.externalURL != nil else {
            throw Problem(.storedHere, "url: the file is stored here; put another one in its place")
        }
        if let fault = OutsideURL.fault(in: url) { throw .invalid("url", fault) }
        guard !url.hasPrefix(base + "/") else { throw .invalid("url", "must not be one of this service") }
        media.externalURL = url
    }

    private func step(_ media: inout Media, to status: MediaStatus) throws {
        // Until its processing has ended, nobody knows whether everybody may see the file as it is.
        if media.status == .processing, media.processing != nil, media.sha256 != nil, status == .ready {
            throw Problem(.wrongStatus, "status: the file is being processed, and READY once that is done")
        }
        do throws(MediaStatus.WrongStep) {
            try media.become(status, because: "The platform says that it failed.")
        } catch {
            throw Problem(
                .wrongStatus, "status: a record that is \(error.from.rawValue) can't become \(error.to.rawValue)")
        }
    }

    /// Marks a record as deleted. Its file can't be had from then on.
    ///
    /// - Parameters:
    ///   - isForced: whether it goes although it belongs to something.
    ///   - alongside: runs in the transaction that does it, maybe several times.
    /// - Throws: 404 where there is no such record, or it is deleted; 412 where it isn't the one that was expected; 409 with
    ///   what it belongs to.
    func delete(
        _ id: String, if precondition: Precondition = .none, isForced: Bool = false, _ caller: Caller,
        alongside: ((Connection, Media) throws -> Void)? = nil
    ) throws -> Media {
        let now = context.now()
        return try change(
            id, .delete, [.delete], if: precondition, caller,
            { connection, media in
                try Self.endLinks(connection, media)
                try alongside?(connection, media)
            },
            { media in
                if !isForced { try requireUnreferenced(media) }
                try media.delete(at: now)
            })
    }

    /// Makes a deleted record what it was before.
    ///
    /// - Parameter alongside: runs in the transaction that does it, maybe several times.
    /// - Throws: 404 where there is no deleted record with this id, or it has been removed for good.
    func restore(
        _ id: String, if precondition: Precondition = .none, _ caller: Caller,
        alongside: ((Connection, Media) throws -> Void)? = nil
    ) throws -> Media {
        try change(
            id, .restore, [.restore], if: precondition, caller,
            { connection, media in
                // What was being done of it has ended when it was deleted.
                try PlanProcessing(context: context).add(media, connection)
                try alongside?(connection, media)
            }, { try $0.restore() })
    }

    /// Removes a record and its bytes for good, deleted or not.
    ///
    /// - Returns: the record as it was last, DELETED.
    /// - Throws: 404 where there is no such record.
    func destroy(
        _ id: String, if precondition: Precondition = .none, isForced: Bool = false, _ caller: Caller
    ) throws -> Media {
        let now = context.now()
        // Deleted first, so that nobody gets the file any more if a crash comes before it is removed.
        let media = try change(id, .delete, [.destroy], if: precondition, caller, Self.endLinks) { media throws in
            if media.status == .deleted { return }
            if !isForced { try requireUnreferenced(media) }
            try media.delete(at: now)
        }
        // Whatever has become of it in between: it was to go.
        _ = try context.afterCommit {
            try PurgeMedia(context: context).purge(media.id, deletedBefore: nil, .destroy, by: caller.name)
        }
        return media
    }

    /// Within the transaction that has locked the record.
    private func requireUnreferenced(_ media: Media) throws {
        let entities = try ReferenceRepository(context.connection).entries(of: media.id, isLocked: true).map(\.entity)
        if entities.isEmpty { return }
        throw Problem(
            .referenced,
            "The file belongs to \(entities.count == 1 ? "an entity" : "\(entities.count) entities"); delete it with force.",
            errors: entities.prefix(100).map { .init("references", $0.text) })
    }

    /// Makes the file belong to one more entity.
    ///
    /// - Returns: the record, and whether it didn't belong to it before.
    func addReference(_ entity: EntityReference, to id: String, _ caller: Caller) throws -> (media: Media, isNew: Bool)
    {
        var isNew = false
        let now = context.now()
        let media = try change(
            id, .addReference, [.update, .attach(entity)], if: .none, caller,
            { connection, media in
                // The first of them the record itself names, and is linked to by now.
                guard media.entity != entity else { return }
                isNew = try ReferenceRepository(connection).add(entity, to: media.id, now: now)
                guard isNew else { return }
                try context.audit(
                    .addReference, caller.name, mediaID: media.id.rawValue, detail: entity.text, connection)
            },
            { media in
                isNew = media.entity == nil
                if isNew { (media.entityType, media.entityID) = (entity.type, entity.id) }
            })
        return (media, isNew)
    }

    /// Makes the file belong to an entity no more.
    ///
    /// - Throws: 404 where it doesn't.
    func removeReference(_ entity: EntityReference, from id: String, _ caller: Caller) throws -> Media {
        try change(
            id, .removeReference, [.update], if: .none, caller,
            { connection, media in
                // The one that the record named is gone by now, and noted.
                guard try ReferenceRepository(connection).remove(entity, from: media.id) else { return }
                try context.audit(
                    .removeReference, caller.name, mediaID: media.id.rawValue, detail: entity.text, connection)
            }, { try self.drop(entity, from: &$0) })
    }

    /// Within the transaction that has locked the record. The next entity becomes the one that the record names.
    private func drop(_ entity: EntityReference, from media: inout Media) throws {
        let entities = try ReferenceRepository(context.connection).entries(of: media.id, isLocked: true).map(\.entity)
        guard entities.contains(entity) else {
            throw Problem(.notFound, "The file doesn't belong to \(entity.text).")
        }
        guard media.entity == entity else { return }
        let next = entities.first { $0 != entity }
        (media.entityType, media.entityID) = (next?.type, next?.id)
    }

    /// Links of a deleted file don't come back with it.
    private static func endLinks(_ connection: Connection, _ media: Media) throws {
        try SignedLinkRepository(connection).revokeAll(of: media.id)
    }

    private func change(
        _ id: String, _ event: AuditAction, _ actions: [AccessPolicy.RecordAction], if precondition: Precondition,
        _ caller: Caller, _ alongside: ((Connection, Media) throws -> Void)? = nil,
        _ body: (inout Media) throws -> Void
    ) throws -> Media {
        for action in actions { try Authorize.checkEarly(caller, action) }
        guard let mediaID = MediaID(id) else {
            for action in actions { try Authorize.check(caller, .act(action, nil), id: id) }
            throw Problem.mediaNotFound(TextRules.prefix(id, 100))
        }
        let now = context.now()
        let new: Media
        do {
            new = try context.connection.transaction { connection -> Media in
                let repository = MediaRepository(connection)
                let found = try repository.findForUpdate(mediaID)
                for action in actions { try Authorize.check(caller, action, on: found, id: id, connection) }
                guard let old = found else { throw Problem.mediaNotFound(id) }
                try precondition.check(old)
                var new = old
                try body(&new)
                if !new.isIdentical(to: old) {
                    new.updatedAt = max(now, old.updatedAt)
                    new.revision = old.revision + 1
                    try repository.update(new, from: old)
                    try context.note(event, caller.name, from: old, to: new, connection)
                }
                if new.isPublished != old.isPublished {
                    try PublicationQueue(connection).add(mediaID, now: now)
                }
                try alongside?(connection, new)
                return new
            }
        } catch let refusal as AccessRefused where refusal.problem.status == 404 {
            // Whoever deleted it may not have taken the link away yet, or may have failed to, and no answer may say that
            // a file is gone while its link is there.
            try context.afterCommit { try SettlePublications(context: context).settle(mediaID) }
            throw refusal
        }
        // Also where nothing changed, for the same reason.
        try context.afterCommit { try SettlePublications(context: context).settle(mediaID) }
        context.logger.info("\(event.rawValue)", metadata: ["media": "\(id)", "caller": "\(caller.name)"])
        return new
    }
}
