import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// What has come of uploads in pieces, in a store that all hosts reach: another host goes on with it when this one is away.
struct StoredParts {
    let context: Context

    private var stores: Stores { context.environment.stores }

    /// Puts what is not there yet of an upload's bytes. Where the store is away it is put with what comes next: here the bytes are
    /// durable all the same.
    func store(_ id: MediaID, _ file: PartialFile, upTo end: Int64) {
        guard let store = stores.parts else { return }
        do {
            let start = try self.end(of: id)
            guard end > start else { return }
            let staged = try file.stage(start..<end, in: stores.local, as: context.stagingName())
            let part = UploadPartRepository.Part(
                start: start, length: end - start, sha256: try staged.digest().sha256,
                place: PlaceBlob(context: context).place(in: store))
            let entry = UploadLedger.Entry(
                mediaID: MediaID(now: context.now(), using: &context.random), sha256: part.sha256, place: part.place)
            try context.connection.transaction { try UploadLedger($0).add(entry, now: context.now()) }
            do {
                try PlaceBlob(context: context).put(staged, part.sha256, .init(place: part.place))
                try context.connection.transaction { connection in
                    guard try UploadLedger(connection).remove(entry.mediaID) else { throw Ingest.overtaken }
                    // Ended meanwhile: nobody would remove the part.
                    guard try ResumableUploadRepository(connection).containsLocked(id) else { throw Ingest.overtaken }
                    try UploadPartRepository(connection).add(part, of: id)
                }
            } catch {
                SettleUploads(context: context).settleFailed([entry])
                throw error
            }
        } catch {
            context.logger.warning(
                "a part of an upload is on this host alone", metadata: ["upload": "\(id)", "error": "\(error)"])
        }
    }

    /// How many of an upload's bytes lie there, from its start on.
    private func end(of id: MediaID) throws -> Int64 {
        try UploadPartRepository(context.connection).parts(of: id).reduce(0) { end, part in
            part.start == end ? end + part.length : end
        }
    }

    /// Adds to a file what it lacks and the store has.
    func restore(_ id: MediaID, to file: PartialFile) throws {
        guard stores.parts != nil else { return }
        let size = try file.size()
        var position = size
        for part in try UploadPartRepository(context.connection).parts(of: id)
        where part.start <= position && part.start + part.length > position {
            try CheckUpload(context: context).requireRoom(part.length)
            try stores.storage(part.place.store).read(
                BlobKey(sha256: part.sha256, token: part.place.token), position - part.start..<part.length
            ) { bytes in try file.append(bytes) }
            let now = try file.size()
            guard now == part.start + part.length else {
                throw Problem.unavailable("The upload's store can't be read now.")
            }
            position = now
        }
        guard position > size else { return }
        context.logger.notice(
            "an upload goes on here", metadata: ["upload": "\(id)", "had": "\(size)", "has": "\(position)"])
    }
}
