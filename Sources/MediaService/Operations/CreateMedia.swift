import Logging
import MediaCore
import MediaDatabase
import MediaProcessing
import MediaStorage

/// Takes files in: checks them, stores them and makes their records. All of a request's files or none.
struct CreateMedia {
    let context: Context

    private var environment: Environment { context.environment }

    /// Checks files, the quick checks of all of them first; nothing of them is in the store yet.
    ///
    /// - Parameter grant: what limits their sender, beside what limits everybody.
    /// - Throws: `Problem` for a file that isn't accepted.
    func check(_ files: [IncomingFile], _ grant: UploadGrant? = nil) throws -> [CheckedFile] {
        let inspect = InspectFile(environment: environment)
        let types = try files.map(inspect.acceptedType)
        if let grant {
            for (file, type) in zip(files, types) {
                try grant.check(size: file.staged.size, file.field)
                try grant.check(type, file.field)
            }
        }
        let digests = try files.map(inspect.durableDigest)
        let scan = ScanFile(context: context)
        return try files.indices.map { index in
            CheckedFile(
                file: files[index], type: types[index], sha256: digests[index].sha256,
                infection: try scan.run(files[index]))
        }
    }

    /// - Parameters:
    ///   - caller: `Caller.name` of who sends the files; that it may was decided.
    ///   - alongside: runs in the transaction that makes the records, maybe several times.
    /// - Returns: the new records, in the order of the files.
    /// - Throws: what went wrong; nothing is left of the request then.
    func run(
        _ files: [CheckedFile], _ attributes: MediaAttributes, by caller: String,
        alongside: ((Connection, [Media]) throws -> Void)? = nil
    ) throws -> [Media] {
        let plan = PlanProcessing(context: context)
        let choice = try plan.choice(attributes.processing)
        let media = records(files, attributes, choice)
        try Ingest(context: context).run(
            zip(media, files).map { ($0.id, $1) }, entityType: attributes.entityType,
            prepare: { id, file in
                guard let record = media.first(where: { $0.id == id }), record.isPublished else { return }
                try publishAhead(record, file)
            },
            commit: { try commit(media, caller, alongside, $0, $1) },
            isCommitted: { try MediaRepository(context.connection).find(media[0].id) != nil })
        for record in media {
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
        _ files: [CheckedFile], _ attributes: MediaAttributes, _ choice: String?
    ) -> [Media] {
        let plan = PlanProcessing(context: context)
        let now = context.now()
        // Ids of one moment sort by their random part; sorted, the answer and a list by id have the files in one order.
        let ids = files.map { _ in MediaID(now: now, using: &context.random) }.sorted()
        return files.indices.map { index in
            var media = Media(
                id: ids[index], type: files[index].type.mediaType, originalName: files[index].file.originalName,
                mimeType: files[index].type.mimeType, size: files[index].file.staged.size,
                userID: attributes.userID ?? "",
                entityID: attributes.entityID, entityType: attributes.entityType, metadata: attributes.metadata,
                isPublic: attributes.isPublic,
                status: files[index].infection == nil ? plan.status(files[index].type.mimeType, choice) : .failed,
                createdAt: now, updatedAt: now,
                title: attributes.title, sha256: files[index].sha256,
                publicName: FileName.publicName(
                    originalName: files[index].file.originalName, extension: files[index].type.fileExtension),
                failureReason: files[index].infection.map { "Infected: \($0)" })
            media.processing = choice
            return media
        }
    }

    /// Nobody can know this URL yet, so the link may come before the record it belongs to.
    private func publishAhead(_ record: Media, _ file: CheckedFile) throws {
        // A crash leaves a name by which the link is found.
        try file.file.staged.assign(record.id)
        try environment.storage.publish(record.id, name: record.publicName, sha256: file.sha256)
    }

    private func commit(
        _ media: [Media], _ caller: String, _ alongside: ((Connection, [Media]) throws -> Void)?,
        _ place: () throws -> Void, _ connection: Connection
    ) throws {
        for record in media {
            try MediaRepository(connection).insert(record)
            try PlanProcessing(context: context).add(record, connection)
        }
        try context.note(creationOf: media, caller, connection)
        try alongside?(connection, media)
        // While the records are locked: whoever finds a link looks for its record.
        for record in media where record.isPublished { try Turns(connection).take(.publication(record.id)) }
        try place()
        let usage = Usage(bytes: media.reduce(0) { $0 + $1.storedSize }, files: Int64(media.count))
        try CountUsage(environment: environment).add(usage, of: media[0].userID, connection)
    }
}
