import MediaCore
import MediaDatabase

/// Finds records.
struct ReadMedia {
    let context: Context

    /// - Throws: 404 where there is no such record, or it is deleted, or the caller may not know of it.
    func find(_ id: String, _ caller: Caller) throws -> Media {
        try Authorize.checkEarly(caller, .read)
        let media = try MediaID(id).flatMap { try MediaRepository(context.connection).find($0) }
        try Authorize.check(caller, .read, on: media, id: id, context.connection)
        guard let media else { throw Problem.mediaNotFound(String(id.prefix(100))) }
        return media
    }

    func list(
        _ selection: MediaRepository.Selection, at position: MediaRepository.Position, limit: Int, _ caller: Caller
    ) throws -> MediaPage {
        let listing: AccessPolicy.Listing =
            switch selection {
            case .all: .all
            case .user(let id): .user(id)
            case .entity(let entity): .entity(entity)
            }
        let reason = try Authorize.check(caller, .list(listing))
        // Who sees an entity's files since they are enrolled sees those that can be had.
        return try MediaRepository(context.connection).list(
            selection, readyOnly: reason == .entity, at: position, limit: limit)
    }
}
