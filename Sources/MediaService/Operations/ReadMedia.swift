import MediaCore
import MediaDatabase

/// Finds records.
struct ReadMedia {
    let context: Context

    /// - Throws: 404 where there is no such record, or it is deleted.
    func find(_ id: String, _ caller: Caller) throws -> Media {
        try Authorize.check(caller, .readRecord, id: id)
        guard let mediaID = MediaID(id), let media = try MediaRepository(context.connection).find(mediaID),
            media.status != .deleted
        else { throw Problem.mediaNotFound(String(id.prefix(100))) }
        return media
    }

    func list(
        _ selection: MediaRepository.Selection, at position: MediaRepository.Position, limit: Int, _ caller: Caller
    ) throws -> MediaPage {
        try Authorize.check(caller, .listMedia)
        return try MediaRepository(context.connection).list(selection, at: position, limit: limit)
    }
}
