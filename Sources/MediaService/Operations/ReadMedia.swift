import MediaCore
import MediaDatabase

/// Finds records.
struct ReadMedia {
    let context: Context

    /// - Parameter action: what the caller wants to do with it.
    /// - Throws: 404 where there is no such record, or it is deleted, or the caller may not know of it; 403.
    func find(_ id: String, _ caller: Caller, to action: AccessPolicy.RecordAction = .read) throws -> Media {
        try Authorize.checkEarly(caller, action)
        let media = try MediaID(id).flatMap { try MediaRepository(context.connection).find($0) }
        try Authorize.check(caller, action, on: media, id: id, context.connection)
        guard let media else { throw Problem.mediaNotFound(TextRules.prefix(id, 100)) }
        return media
    }

    /// What a file belongs to.
    func references(_ id: String, _ caller: Caller) throws -> [ReferenceRepository.Entry] {
        let media = try find(id, caller, to: .listReferences)
        return try ReferenceRepository(context.connection).entries(of: media.id)
    }

    /// - Throws: 403 where the list could hold what the caller may not know of.
    func list(
        _ filter: MediaFilter, sort: MediaSort, at position: MediaRepository.Position, limit: Int, _ caller: Caller
    ) throws -> MediaPage {
        let reason = try authorize(filter, caller)
        // Who sees an entity's files since they are enrolled sees those that can be had.
        return try MediaRepository(context.connection).list(
            filter, sort: sort, readyOnly: reason == .entity, at: position, limit: limit,
            totals: context.environment.totals)
    }

    /// - Parameter userID: nil: of all files.
    /// - Throws: 403 where the files aren't the caller's own.
    func statistics(of userID: String?, _ caller: Caller) throws -> MediaStatistics {
        var filter = MediaFilter()
        filter.userID = userID
        _ = try authorize(filter, caller)
        return try MediaRepository(context.connection).statistics(of: userID, totals: context.environment.statistics)
    }

    private func authorize(_ filter: MediaFilter, _ caller: Caller) throws(AccessRefused) -> AccessPolicy.Reason {
        if let userID = filter.userID {
            let decision = AccessPolicy.decide(caller, .list(.user(userID)))
            if case .allowed(let reason) = decision { return reason }
        }
        return try Authorize.check(caller, .list(filter.entity.map { .entity($0) } ?? .all))
    }
}
