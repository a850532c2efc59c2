import Logging
import MediaCore
import MediaDatabase

/// Does something with all files of an entity.
struct ManageEntities {
    let context: Context

    /// Files that one transaction goes through.
    private static let batch = 200

    /// Makes all files of an entity belong to another one, too. No byte is copied.
    ///
    /// - Returns: how many files did not before.
    func clone(_ source: EntityReference, to target: EntityReference, _ caller: Caller) throws -> Int {
        try Authorize.check(caller, .actForPlatform(.write))
        let now = context.now()
        return try context.connection.transaction { connection in
            let count = try ReferenceRepository(connection).copy(from: source, to: target, now: now)
            try context.audit(
                .cloneReferences, caller.name, detail: "\(source.text) to \(target.text), \(count) files", connection)
            return count
        }
    }

    // MARK: Entities that are gone

    /// Notes that an entity of the platform is gone, and begins to take it away from its files. What is left after `time`
    /// is housekeeping's.
    func forget(_ entity: EntityReference, _ caller: Caller, within time: Duration = .seconds(2)) throws {
        try Authorize.check(caller, .actForPlatform(.delete))
        let end = ContinuousClock.now + time
        try context.connection.transaction { connection in
            try ReferenceRepository(connection).noteDeparture(entity, now: context.now())
            try context.audit(.forgetEntity, caller.name, detail: entity.text, connection)
        }
        _ = try go(through: entity, caller.name, until: end)
    }

    /// Goes on with what was begun.
    ///
    /// - Returns: how many files were gone through.
    func run() throws -> Int {
        var count = 0
        // What else is due waits meanwhile.
        let end = ContinuousClock.now + .seconds(30)
        for entity in try ReferenceRepository(context.connection).departures(limit: 100) {
            do {
                count += try go(through: entity, Context.housekeeping, until: end)
            } catch {
                // One that can't be ended must not hold up the others.
                context.logger.error(
                    "an entity's files can't be gone through",
                    metadata: ["entity": "\(entity.text)", "error": "\(error)"])
            }
        }
        return count
    }

    private func go(through entity: EntityReference, _ caller: String, until end: ContinuousClock.Instant) throws -> Int
    {
        var count = 0
        while end > .now {
            let (done, unpublished) = try batch(entity, caller)
            for id in unpublished { try SettlePublications(context: context).settle(id) }
            count += done
            if done == 0 {
                context.logger.notice("an entity is gone", metadata: ["entity": "\(entity.text)", "files": "\(count)"])
                return count
            }
        }
        return count
    }

    /// One transaction. What it has gone through isn't there the next time, so a crash loses nothing and repeats nothing.
    ///
    /// - Returns: how many files, and those whose public links have to go.
    private func batch(_ entity: EntityReference, _ caller: String) throws -> (count: Int, unpublished: [MediaID]) {
        try context.connection.transaction { connection in
            let references = ReferenceRepository(connection)
            var ids = try references.files(of: entity, limit: Self.batch)
            // Of a user who is gone, also the files that nothing has.
            if ids.isEmpty, entity.type == "user" {
                ids = try references.unreferencedFiles(ofUser: entity.id, limit: Self.batch)
            }
            if ids.isEmpty { try references.removeDeparture(entity) }
            let unpublished = try ids.filter { try release($0, from: entity, caller, connection) }
            return (ids.count, unpublished)
        }
    }

    /// - Returns: whether the file's public link has to go.
    private func release(
        _ id: MediaID, from entity: EntityReference, _ caller: String, _ connection: Connection
    ) throws -> Bool {
        let (records, references) = (MediaRepository(connection), ReferenceRepository(connection))
        guard let old = try records.findForUpdate(id) else { return false }
        try references.remove(entity, from: id)
        let left = try references.entries(of: id, isLocked: true).map(\.entity)
        var new = old
        if old.entity == entity { (new.entityType, new.entityID) = (left.first?.type, left.first?.id) }
        if left.isEmpty, old.status != .deleted {
            try new.delete(at: context.now())
            try SignedLinkRepository(connection).revokeAll(of: id)
        }
        if new.isIdentical(to: old) { return false }
        new.updatedAt = max(context.now(), old.updatedAt)
        new.revision = old.revision + 1
        try records.update(new, from: old)
        try context.note(new.status == .deleted ? .delete : .update, caller, from: old, to: new, connection)
        guard new.isPublished != old.isPublished else { return false }
        try PublicationQueue(connection).add(id, now: context.now())
        return true
    }
}
