import Logging
import MediaCore
import MediaDatabase
import MediaProcessing
import MediaStorage

/// Takes files in: checks them, stores them and makes their records. All of a request's files or none.
///
/// The order is what makes it safe against a crash between any two steps: the ledger names a content before it is
/// placed; blobs and public links are durable before the transaction that makes the records; whatever a crash leaves
/// behind is named by the ledger and settled by `SettleUploads`.
struct CreateMedia {
    let context: Context

    private var environment: Environment { context.environment }

    /// Checks files, the quick checks of all of them first; nothing of them is in the store yet.
    ///
    /// - Throws: `Problem` for a file that isn't accepted.
    func check(_ files: [IncomingFile]) throws -> [CheckedFile] {
        let inspect = InspectFile(environment: environment)
        let types = try files.map(inspect.acceptedType)
        let digests = try files.map(inspect.durableDigest)
        return files.indices.map { CheckedFile(file: files[$0], type: types[$0], sha256: digests[$0].sha256) }
    }

    /// - Parameters:
    ///   - caller: who sends the files; that it may was decided.
    ///   - alongside: runs in the transaction that makes the records, maybe several times.
    /// - Returns: the new records, in the order of the files.
    /// - Throws: what went wrong; nothing is left of the request then.
    func run(
        _ files: [CheckedFile], _ attributes: MediaAttributes, _ caller: Caller,
        alongside: ((Connection, [Media]) throws -> Void)? = nil
    ) throws -> [Media] {
        let media = records(files, attributes)
        let entries = media.map { UploadLedger.Entry(mediaID: $0.id, sha256: $0.sha256) }
        try note(entries)
        do {
            try place(files, media)
            try commit(media, caller, alongside)
        } catch let error as MariaDBError where error.code == .outcomeUnknown {
            try resolve(media, error)
        } catch {
            SettleUploads(context: context).settleFailed(entries)
            throw error
        }
        for record in media {
            environment.metrics.add(.filesStored)
            environment.metrics.add(.bytesStored, Int(record.size))
            context.logger.info(
                "media created",
                metadata: [
                    "media": "\(record.id)", "user": "\(record.userID)", "type": "\(record.mimeType)",
                    "size": "\(record.size)",
                ])
        }
        return media
    }

    // MARK: Steps

    private func records(
        _ files: [CheckedFile], _ attributes: MediaAttributes
    ) -> [Media] {
        let now = context.now()
        // Ids of one moment sort by their random part; sorted, the answer and a list by id have the files in one order.
        let ids = files.map { _ in MediaID(now: now, using: &context.random) }.sorted()
        return files.indices.map { index in
            Media(
                id: ids[index], type: files[index].type.mediaType, originalName: files[index].file.originalName,
                mimeType: files[index].type.mimeType, size: files[index].file.staged.size,
                userID: attributes.userID ?? "",
                entityID: attributes.entityID, entityType: attributes.entityType, metadata: attributes.metadata,
                isPublic: attributes.isPublic, status: .ready, createdAt: now, updatedAt: now,
                title: attributes.title, sha256: files[index].sha256,
                publicName: FileName.publicName(
                    originalName: files[index].file.originalName, extension: files[index].type.fileExtension))
        }
    }

    private func note(_ entries: [UploadLedger.Entry]) throws {
        let now = context.now()
        try context.connection.transaction { connection in
            let ledger = UploadLedger(connection)
            for entry in entries { try ledger.add(entry, now: now) }
        }
    }

    /// What an upload is told whose traces housekeeping has removed, taking it for abandoned.
    static let overtaken = Problem.unavailable("The upload took too long. Try it again.")

    private func place(_ files: [CheckedFile], _ media: [Media]) throws {
        for (checked, record) in zip(files, media) {
            let staged = checked.file.staged
            guard staged.isPresent else { throw Self.overtaken }
            try environment.storage.place(staged, sha256: record.sha256)
            // Nobody can know this URL yet, so the link may come before the record it belongs to.
            if record.isPublished {
                try environment.storage.publish(record.id, name: record.publicName, sha256: record.sha256)
            }
        }
    }

    private func commit(
        _ media: [Media], _ caller: Caller, _ alongside: ((Connection, [Media]) throws -> Void)?
    ) throws {
        try context.connection.transaction { connection in
            let blobs = BlobRepository(connection)
            let records = MediaRepository(connection)
            let ledger = UploadLedger(connection)
            // In one order everywhere, so that two uploads of the same contents don't wait for each other in a circle.
            for record in media.sorted(by: { $0.sha256 < $1.sha256 }) {
                try blobs.reference(
                    sha256: record.sha256, size: record.size, store: LocalStorage.name, now: record.createdAt)
            }
            for record in media {
                // Housekeeping has taken this upload for abandoned and may have removed its content.
                guard try ledger.remove(record.id) else { throw Self.overtaken }
                try records.insert(record)
            }
            try context.audit(creationOf: media, caller.name, connection)
            try alongside?(connection, media)
            let usage = Usage(bytes: media.reduce(0) { $0 + $1.size }, files: Int64(media.count))
            try CountUsage(environment: environment).add(usage, of: media[0].userID, connection)
        }
    }

    /// The commit was sent and its answer lost: looks whether it happened.
    private func resolve(_ media: [Media], _ error: MariaDBError) throws {
        // Where MariaDB can't be asked now either, the error stands and the ledger keeps the upload's place.
        guard try MediaRepository(context.connection).find(media[0].id) != nil else { throw error }
        context.logger.warning("a commit's answer was lost; the records are there", metadata: ["error": "\(error)"])
    }
}
