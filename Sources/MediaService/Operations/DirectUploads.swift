import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Files that their senders put into a store elsewhere themselves, by signed requests. Each becomes a record once it was read there and
/// found to be what was said of it.
struct DirectUploads {
    let context: Context

    /// Where such a file lies and what it has to be.
    struct Target: Equatable {
        var sha256: String
        var place: BlobPlace
        /// What the store calls the upload.
        var uploadID: String

        var key: BlobKey { BlobKey(sha256: sha256, token: place.token) }

        var json: JSON {
            .object([
                .init("sha256", .string(sha256)), .init("store", .string(place.store)),
                .init("token", .string(place.token)),
                .init("uploadId", .string(uploadID)),
            ])
        }

        init(sha256: String, place: BlobPlace, uploadID: String = "") {
            self.sha256 = sha256
            self.place = place
            self.uploadID = uploadID
        }

        /// Of an upload; nil where it is none of this kind.
        init?(_ entry: ResumableUploadRepository.Entry) {
            guard entry.kind == .direct, let json = entry.description["direct"], let sha256 = json["sha256"]?.string,
                let store = json["store"]?.string, let token = json["token"]?.string
            else { return nil }
            self.init(
                sha256: sha256, place: BlobPlace(store: store, token: token), uploadID: json["uploadId"]?.string ?? "")
        }
    }

    private var stores: Stores { context.environment.stores }

    static let notHere = Problem(
        .directUnavailable, "Files like this one are kept by the service itself: send it to /v1/media or /v1/uploads.")

    /// Begins an upload.
    ///
    /// - Parameters:
    ///   - sha256: 64 hexadecimal digits.
    ///   - type: what it is taken for, as far as its sender says.
    func create(
        _ order: ResumableUploads.Order, sha256: String, type: MediaType, _ caller: Caller,
        alongside: (Connection, ResumableUploadRepository.Entry) throws -> Void = { _, _ in }
    ) throws -> (entry: ResumableUploadRepository.Entry, upload: DirectUpload) {
        let size = order.length ?? 0
        let name = stores.store(for: type, size: size, entityType: order.attributes.entityType)
        guard let storage = stores.description(name)?.storage as? any RemoteStorage else { throw Self.notHere }
        var target = Target(sha256: sha256, place: PlaceBlob(context: context).place(in: name))
        // It needs no room here until it is looked at.
        let seconds = context.environment.configuration.number(.uploadTime)
        let now = context.now()
        // Named before anything of it is in the store: its end is so far off.
        let ledger = UploadLedger.Entry(
            mediaID: MediaID(now: now, using: &context.random), sha256: sha256, place: target.place)
        try context.connection.transaction { try UploadLedger($0).add(ledger, now: now.adding(seconds: seconds)) }
        do {
            let upload = try storage.beginDirect(target.key, size: size, now: now, seconds: seconds)
            target.uploadID = upload.id
            var order = order
            order.kind = .direct
            order.direct = target.json.merged(with: .object([.init("ledger", .string(ledger.mediaID.rawValue))]))
            let entry = try ResumableUploads(context: context).create(order, caller, alongside: alongside)
            return (entry, upload)
        } catch {
            SettleUploads(context: context).settleFailed([ledger])
            throw error
        }
    }

    /// Has the file looked at that was put. Asking again changes nothing.
    ///
    /// - Returns: the job that does it.
    /// - Throws: 409 where not all of it is there.
    func complete(_ entry: ResumableUploadRepository.Entry) throws -> Job {
        if let job = try JobQueue(context.connection).find(entry.id) { return job }
        guard let target = Target(entry), let size = entry.length else { throw ResumableUploads.notFound }
        guard let storage = try stores.storage(target.place.store) as? any RemoteStorage else { throw Self.notHere }
        try storage.completeDirect(target.key, DirectUpload(requests: [], id: target.uploadID), size: size)
        let found = try storage.size(of: target.key)
        guard found == size else {
            throw Problem(.uploadIncomplete, "The store has \(found ?? 0) bytes of it, not \(size).")
        }
        let job = Job(
            id: entry.id, kind: .verifyDirect, subject: entry.id, userID: entry.userID, payload: .object([]),
            now: context.now())
        return try context.connection.transaction { connection in
            if let known = try JobQueue(connection).find(job.id) { return known }
            try JobQueue(connection).add(job)
            return job
        }
    }

    /// Whether what was verified can't be changed by its sender any more, and so may stay where it is.
    func isSealed(_ target: Target) throws -> Bool {
        (try stores.storage(target.place.store) as? any RemoteStorage)?
            .isSealed(DirectUpload(requests: [], id: target.uploadID)) ?? false
    }

    /// Takes back what lies in the store, where it has become no record.
    func remove(_ entry: ResumableUploadRepository.Entry) throws {
        guard let target = Target(entry), entry.mediaID == nil else { return }
        do {
            try (stores.storage(target.place.store) as? any RemoteStorage)?
                .abortDirect(target.key, DirectUpload(requests: [], id: target.uploadID))
        } catch {
            // Its place in the ledger has it removed later.
            context.logger.warning(
                "a direct upload can't be taken back now", metadata: ["upload": "\(entry.id)", "error": "\(error)"])
        }
        guard let ledger = Self.ledger(entry) else { return }
        SettleUploads(context: context).settleFailed([
            .init(mediaID: ledger, sha256: target.sha256, place: target.place)
        ])
        try context.connection.transaction { try removeLater(target, entry, $0) }
    }

    /// Has removed what a sender may yet put, as long as the requests hold.
    func removeLater(
        _ target: Target, _ entry: ResumableUploadRepository.Entry, _ connection: Connection
    ) throws {
        let end = entry.createdAt.adding(seconds: context.environment.configuration.number(.uploadTime) + 60)
        guard end > context.now() else { return }
        try BlobRemovalRepository(connection).add(target.sha256, target.place, due: end)
    }

    static func ledger(_ entry: ResumableUploadRepository.Entry) -> MediaID? {
        entry.description["direct"]?["ledger"]?.string.flatMap { MediaID($0) }
    }
}
