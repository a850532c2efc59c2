import Logging
import MediaCore
import MediaDatabase

/// Makes the record of a file that is somewhere already: of one that was staged here, or of one outside.
struct RecordFile {
    /// What is said of the file. Of one that is here, its bytes say what they are.
    struct Order {
        var url: String
        var type: MediaType
        var originalName: String
        var mimeType: String
        /// Bytes.
        var size: Int64
        var attributes: MediaAttributes
    }

    let context: Context

    /// - Parameter alongside: runs in the transaction that makes the record, maybe several times.
    /// - Returns: the record; the same one again where it was made before of this staged file.
    /// - Throws: 404 for a URL of this service where no file is, 409 where it is another user's by now.
    func run(
        _ order: Order, _ caller: Caller, alongside: ((Connection, Media) throws -> Void)? = nil
    ) throws -> Media {
        let attributes = order.attributes
        try Authorize.check(caller, .create(ownerID: attributes.userID ?? "", entity: attributes.entity))
        let base = context.environment.baseURL + "/"
        if order.url.hasPrefix(base) {
            return try adopt(String(order.url.dropFirst(base.count)), order, caller, alongside)
        }
        // Whoever could would have this address send anybody anywhere.
        try Authorize.check(caller, .actForPlatform(.write))
        if let fault = OutsideURL.fault(in: order.url) { throw Problem.invalid("url", fault) }
        _ = try PlanProcessing(context: context).choice(attributes.processing)
        let media = outsideRecord(order)
        try context.connection.transaction { try insert(media, caller, alongside, $0) }
        return media
    }

    // MARK: Outside

    private func outsideRecord(_ order: Order) -> Media {
        let now = context.now()
        return Media(
            id: MediaID(now: now, using: &context.random), type: order.type, originalName: order.originalName,
            mimeType: order.mimeType, size: order.size, userID: order.attributes.userID ?? "",
            entityID: order.attributes.entityID, entityType: order.attributes.entityType,
            metadata: order.attributes.metadata, isPublic: order.attributes.isPublic, status: .ready, createdAt: now,
            updatedAt: now, title: order.attributes.title, sha256: nil, publicName: "", externalURL: order.url)
    }

    // MARK: Staged here

    private func adopt(
        _ path: String, _ order: Order, _ caller: Caller, _ alongside: ((Connection, Media) throws -> Void)?
    ) throws -> Media {
        // The permalink, or the public URL of one that was made before.
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let isFile = segments.count == 2 && segments[0] == "m" || segments.count == 3 && segments[0] == "p"
        guard isFile, let id = MediaID(String(segments[1])) else { throw Self.notStaged }
        let plan = PlanProcessing(context: context)
        let choice = try plan.choice(order.attributes.processing)
        let media = try context.connection.transaction { connection -> Media in
            guard let entry = try StagedFileRepository(connection).findForUpdate(id) else {
                let media = try madeBefore(id, order, connection)
                try alongside?(connection, media)
                return media
            }
            let media = record(of: entry, order, choice)
            // The reference to the content goes over from the one to the other.
            try StagedFileRepository(connection).remove(id)
            try insert(media, caller, alongside, connection)
            try plan.add(media, connection)
            if media.isPublished { try PublicationQueue(connection).add(id, now: media.createdAt) }
            return media
        }
        if media.isPublished { try context.afterCommit { try SettlePublications(context: context).settle(id) } }
        return media
    }

    private func record(of entry: StagedFileRepository.Entry, _ order: Order, _ choice: String?) -> Media {
        let now = context.now()
        let type = FileType.stored(as: entry.mimeType) ?? .unlisted(entry.mimeType)
        let attributes = order.attributes
        var media = Media(
            id: entry.id, type: type.mediaType, originalName: order.originalName, mimeType: type.mimeType,
            size: entry.size, userID: attributes.userID ?? "", entityID: attributes.entityID,
            entityType: attributes.entityType, metadata: attributes.metadata, isPublic: attributes.isPublic,
            status: PlanProcessing(context: context).status(type.mimeType, choice), createdAt: now, updatedAt: now,
            title: attributes.title, sha256: entry.sha256,
            publicName: FileName.publicName(originalName: order.originalName, extension: type.fileExtension))
        media.processing = choice
        return media
    }

    /// The record for a second request, whose first answer was lost.
    private func madeBefore(_ id: MediaID, _ order: Order, _ connection: Connection) throws -> Media {
        guard let media = try MediaRepository(connection).findForUpdate(id), media.status != .deleted else {
            throw Self.notStaged
        }
        guard ExactText(media.userID) == ExactText(order.attributes.userID ?? "") else {
            throw Problem(.alreadyAdopted, "url: the file belongs to another user's record")
        }
        return media
    }

    private static let notStaged = Problem(
        .notStaged, "url: no uploaded file waits there for its record; it may have expired: upload it again",
        errors: [.init("url", "no uploaded file waits there for its record")])

    private func insert(
        _ media: Media, _ caller: Caller, _ alongside: ((Connection, Media) throws -> Void)?, _ connection: Connection
    ) throws {
        try MediaRepository(connection).insert(media)
        try context.note(creationOf: [media], caller.name, connection)
        try alongside?(connection, media)
        try CountUsage(environment: context.environment).add(
            Usage(bytes: media.storedSize, files: 1), of: media.userID, connection)
    }
}
