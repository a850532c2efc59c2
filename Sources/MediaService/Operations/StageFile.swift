import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Takes a file in of which nobody has said yet whose it is. A record that is made with its URL takes it over.
struct StageFile {
    let context: Context

    /// - Returns: what is kept of it.
    /// - Throws: `Problem` for a file that isn't accepted, 403 for a caller who may upload files of their own only.
    func run(
        _ file: CheckedFile, _ caller: Caller,
        alongside: ((Connection, StagedFileRepository.Entry) throws -> Void)? = nil
    ) throws -> StagedFileRepository.Entry {
        try Authorize.check(caller, .create(ownerID: "", entity: nil))
        if let name = file.infection { throw Problem(.infected, "\(file.file.field): infected with \(name)") }
        let now = context.now()
        let entry = StagedFileRepository.Entry(
            id: MediaID(now: now, using: &context.random), sha256: file.sha256, size: file.file.staged.size,
            mimeType: file.type.mimeType, originalName: file.file.originalName, createdBy: caller.name, createdAt: now)
        try Ingest(context: context).run(
            [(entry.id, file)],
            commit: { place, connection in
                try StagedFileRepository(connection).add(entry)
                try place()
                try context.audit(.stage, caller.name, mediaID: entry.id.rawValue, connection)
                try alongside?(connection, entry)
            },
            isCommitted: { try StagedFileRepository(context.connection).find(entry.id) != nil })
        context.logger.info(
            "file staged", metadata: ["media": "\(entry.id)", "type": "\(entry.mimeType)", "size": "\(entry.size)"])
        return entry
    }

    /// Removes files that no record has taken over in time, with their bytes.
    ///
    /// - Returns: how many went.
    func removeExpired() throws -> Int {
        let moment = context.now().adding(seconds: -context.environment.configuration.number(.stagedTime))
        var count = 0
        for id in try StagedFileRepository(context.connection).entries(before: moment, limit: 1000) {
            do {
                try RemoveBlob(context: context).transaction { connection in
                    let repository = StagedFileRepository(connection)
                    guard let entry = try repository.findForUpdate(id) else { return [] }
                    try repository.remove(id)
                    try BlobRepository(connection).release(sha256: entry.sha256, now: context.now())
                    return [entry.sha256]
                }
                count += 1
                context.logger.notice("staged file removed that no record has", metadata: ["media": "\(id)"])
            } catch {
                // One that can't be removed must not hold up the others.
                context.logger.error("a staged file can't be removed", metadata: ["error": "\(error)"])
            }
        }
        return count
    }
}
