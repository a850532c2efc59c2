import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Files that arrive piece by piece: begun, found, held, ended.
struct ResumableUploads {
    let context: Context

    private var environment: Environment { context.environment }
    private var configuration: Configuration { environment.configuration }

    /// What is said of a file before its bytes come.
    struct Order {
        var kind: ResumableUploadRepository.Entry.Kind
        /// Bytes; nil: said later.
        var length: Int64?
        var originalName: String
        /// As its sender declares it.
        var type: String?
        var attributes: MediaAttributes
        /// What limits its sender.
        var grant: UploadGrant?
        /// Where a direct upload lies, and what it has to be.
        var direct: JSON?
    }

    // MARK: Beginning and ending

    /// Begins an upload.
    ///
    /// - Parameter alongside: runs in the transaction that notes it, maybe several times.
    func create(
        _ order: Order, parts: [MediaID] = [], _ caller: Caller,
        alongside: (Connection, ResumableUploadRepository.Entry) throws -> Void = { _, _ in }
    ) throws -> ResumableUploadRepository.Entry {
        let userID = order.attributes.userID ?? ""
        try Authorize.check(caller, .create(ownerID: userID, entity: order.attributes.entity))
        if let fault = FileName.fault(in: order.originalName) { throw Problem.invalid("filename", fault) }
        try order.grant?.check(size: order.length ?? 0, "Upload-Length")
        try checkLength(order.length, needsRoom: order.kind != .direct)
        let now = context.now()
        let entry = ResumableUploadRepository.Entry(
            id: MediaID(now: now, using: &context.random), caller: caller.name, userID: userID, kind: order.kind,
            description: order.json, parts: parts, length: order.length, createdAt: now, expiresAt: expiry(now))
        _ = try environment.storage.createPartial(entry.id)
        do {
            try context.connection.transaction { connection in
                // What a final one takes its parts take already.
                try requireUsage(order.kind == .final ? 0 : order.length ?? 0, files: 1, of: userID, connection)
                try ResumableUploadRepository(connection).insert(entry)
                try alongside(connection, entry)
            }
        } catch {
            // What can't be removed now is found by housekeeping.
            _ = try? environment.storage.removePartial(entry.id)
            throw error
        }
        context.logger.info("upload begun", metadata: ["upload": "\(entry.id)", "caller": "\(caller.name)"])
        return entry
    }

    func expiry(_ now: Timestamp) -> Timestamp { now.adding(seconds: configuration.number(.uploadTime)) }

    /// - Throws: 413, or 507 where there is no room.
    func checkLength(_ length: Int64?, needsRoom: Bool = true) throws {
        guard let length else { return try CheckUpload(context: context).requireRoom(0) }
        guard length > 0 else { throw Problem.invalid("Upload-Length", "the file is empty") }
        let limit = Int64(configuration.number(.uploadBytes))
        guard length <= limit else {
            throw Problem.tooLarge("Upload-Length", limit: limit, "\(length) bytes are too many")
        }
        if needsRoom { try CheckUpload(context: context).requireRoom(length) }
    }

    /// Holds a user to their limits, for which what is on its way counts, too.
    ///
    /// - Parameter files: how many uploads more there are to be.
    func requireUsage(_ length: Int64, files: Int64, of userID: String, _ connection: Connection) throws {
        // Others of this user wait here, so that no two of them pass the same limit.
        try Turns(connection).take(.user(userID))
        let pending = try ResumableUploadRepository(connection).usage(of: userID)
        let limit = Int64(configuration.number(.userUploads))
        guard pending.files + files <= limit else {
            throw Problem(
                .tooManyUploads, "The user has \(pending.files) unfinished uploads, of which \(limit) are allowed.",
                retryAfter: 60)
        }
        try CountUsage(environment: environment).check(
            pending + Usage(bytes: length, files: files), of: userID, connection)
    }

    /// An upload that the caller may go on with.
    ///
    /// - Throws: 404 where there is none; 410 where its time is over.
    func find(
        _ id: String, _ caller: Caller,
        kinds: Set<ResumableUploadRepository.Entry.Kind> = [.whole, .partial, .final]
    ) throws -> ResumableUploadRepository.Entry {
        if caller == .anonymous { throw AccessRefused(.unauthenticated, caller) }
        guard let mediaID = MediaID(id), let entry = try ResumableUploadRepository(context.connection).find(mediaID),
            kinds.contains(entry.kind)
        else { throw Self.notFound }
        do {
            try Authorize.check(caller, .create(ownerID: entry.userID, entity: nil))
        } catch {
            if case .service = caller { throw error }
            // Whose it is, is nobody else's to know.
            throw Self.notFound
        }
        guard entry.expiresAt > context.now() else { throw Problem(.uploadExpired, "The upload's time is over.") }
        return entry
    }

    static let notFound = Problem(.notFound, "There is no upload with this id.")

    /// Ends an upload, whatever has come of it. A record that it has become stays.
    func terminate(_ id: MediaID) throws {
        // Its file may be lost.
        let held = try hold(id, opensFile: false)
        defer { release(held.upload) }
        try DirectUploads(context: context).remove(held.entry)
        try remove(id)
        context.logger.info("upload terminated", metadata: ["upload": "\(id)"])
    }

    /// The row first: what is left of the file then is found by housekeeping.
    func remove(_ id: MediaID) throws {
        try context.connection.transaction { connection in
            _ = try ResumableUploadRepository(connection).remove(id)
            try UploadPartRepository(connection).drop(id, now: context.now())
        }
        try environment.storage.removePartial(id)
    }

    /// Removes what has expired, and files without an upload or of one that has ended.
    ///
    /// - Returns: how many.
    func removeExpired() throws -> Int {
        let now = context.now()
        var count = 0
        for id in try ResumableUploadRepository(context.connection).expired(before: now, limit: 1000) {
            do {
                try terminate(id)
                count += 1
            } catch {
                context.logger.warning(
                    "an upload can't be removed", metadata: ["upload": "\(id)", "error": "\(error)"])
            }
        }
        let grace = configuration.number(.uploadGrace)
        for id in try environment.storage.partialFiles(olderThan: grace, now: now)
        where try ResumableUploadRepository(context.connection).find(id)?.isEnded ?? true {
            if try environment.storage.removePartial(id) { count += 1 }
        }
        return count
    }

    /// Makes a file for an upload whose bytes a job brings, where there is none: it had failed and is done once more, or it was begun on
    /// another host. Its bytes come again.
    func requireFile(_ id: MediaID) throws {
        guard let entry = try ResumableUploadRepository(context.connection).find(id) else { throw JobStop.cancelled }
        guard !entry.isEnded, try environment.storage.openPartial(id) == nil else { return }
        _ = try environment.storage.createPartial(id)
    }

    // MARK: Holding

    /// An upload that this thread is at, with its file as far as it is whole.
    struct Hold {
        let upload: HeldUpload
        var entry: ResumableUploadRepository.Entry
        /// Nil where the upload has ended, or its bytes weren't asked for.
        var file: PartialFile?
    }

    /// For how long to wait for whoever is at an upload: its client may be gone without it knowing.
    private static let patience = Duration.seconds(15)

    /// Takes an upload, from whoever is at it.
    ///
    /// - Parameter opensFile: whether its bytes are asked for.
    /// - Throws: 423 where it can't be had; 404 where it is gone.
    func hold(_ id: MediaID, opensFile: Bool = true) throws -> Hold {
        let holder = LeaseHolder(token: context.randomBytes(16), process: ProcessMark.own)
        let start = try acquire(id, holder)
        let upload = HeldUpload(id, holder, until: start + Int64(UploadKeeper.lease) * 1000)
        environment.uploads.add(upload, environment)
        do {
            guard var entry = try ResumableUploadRepository(context.connection).find(id) else { throw Self.notFound }
            let file = entry.isEnded || !opensFile ? nil : try file(&entry, upload)
            upload.position = entry.position
            upload.file = file
            return Hold(upload: upload, entry: entry, file: file)
        } catch {
            release(upload)
            throw error
        }
    }

    /// - Returns: when the server was asked, as `HeldUpload.now()` has it.
    private func acquire(_ id: MediaID, _ holder: LeaseHolder) throws -> Int64 {
        let end = ContinuousClock.now + Self.patience
        var dead: String?
        while true {
            let start = HeldUpload.now()
            let isMine = try context.connection.transaction {
                try ResumableUploadRepository($0).acquire(id, holder, seconds: UploadKeeper.lease, dead: dead)
            }
            if isMine { return start }
            guard let process = try context.connection.transaction({ try ResumableUploadRepository($0).want(id) })
            else {
                if try ResumableUploadRepository(context.connection).find(id) == nil { throw Self.notFound }
                continue
            }
            environment.uploads.interrupt(id)
            dead = ProcessMark.isDead(process) ? process : nil
            guard dead != nil || end > .now else { throw Self.locked }
            if dead == nil { usleep(50_000) }
        }
    }

    private static let locked = Problem(
        .uploadLocked, "Another request is at this upload and can't be ended.", retryAfter: 5)

    /// The upload's file, of which nothing is but what is whole.
    private func file(
        _ entry: inout ResumableUploadRepository.Entry, _ upload: HeldUpload
    ) throws -> PartialFile {
        var file = try openFile(of: entry)
        try lock(file)
        if entry.boot != ProcessMark.boot {
            // The host has been down, or another one has gone on with it: what was not durable here may be anything.
            let whole = min(entry.position, try durableSize(file, entry))
            if try file.size() > whole {
                file = try environment.storage.shortenPartial(entry.id, to: whole)
                try lock(file)
            }
        }
        // Another host has gone on with it.
        if try file.size() < entry.position { try StoredParts(context: context).restore(entry.id, to: file) }
        let size = try file.size()
        if size == entry.position, entry.boot == ProcessMark.boot { return file }
        if size < entry.position {
            context.logger.error(
                "an upload has lost bytes",
                metadata: ["upload": "\(entry.id)", "noted": "\(entry.position)", "found": "\(size)"])
        }
        try sync(file, upTo: size)
        entry.position = size
        entry.boot = ProcessMark.boot
        try context.connection.transaction { [entry] in
            try ResumableUploadRepository($0).note(
                entry.id, upload.holder.token, position: entry.position, boot: ProcessMark.boot)
        }
        return file
    }

    /// How many bytes of an upload's file are what was written. Without a store for parts the file is the only one, and what the
    /// database notes is of it.
    private func durableSize(_ file: PartialFile, _ entry: ResumableUploadRepository.Entry) throws -> Int64 {
        environment.stores.parts == nil ? entry.position : try file.durableSize(boot: ProcessMark.boot)
    }

    /// Makes a file's bytes durable.
    ///
    /// - Parameter position: how many it had before, at least.
    func sync(_ file: PartialFile, upTo position: Int64) throws {
        try file.sync()
        if environment.stores.parts != nil { try file.noteDurable(position, boot: ProcessMark.boot) }
    }

    private func openFile(of entry: ResumableUploadRepository.Entry) throws -> PartialFile {
        if let file = try environment.storage.openPartial(entry.id) { return file }
        // Begun on another host: what of it lies in a store comes from there.
        if environment.stores.parts != nil { return try environment.storage.createPartial(entry.id) }
        context.logger.error("an upload's file is gone", metadata: ["upload": "\(entry.id)"])
        throw Problem(.uploadExpired, "The upload's bytes are lost. Begin anew.")
    }

    private func lock(_ file: PartialFile) throws {
        let end = ContinuousClock.now + Self.patience
        while try !file.lock() {
            guard end > .now else { throw Self.locked }
            usleep(20_000)
        }
    }

    /// Lets an upload go; where that fails, its lease ends by itself.
    func release(_ upload: HeldUpload) {
        environment.uploads.remove(upload)
        upload.file = nil
        guard upload.hasLease else { return }
        do {
            try context.connection.transaction {
                try ResumableUploadRepository($0).release(upload.id, upload.holder.token)
            }
        } catch {
            context.logger.warning(
                "an upload stays held for a while", metadata: ["upload": "\(upload.id)", "error": "\(error)"])
        }
    }
}

extension ResumableUploads.Order {
    var json: JSON {
        .object([
            .init("originalName", .string(originalName)), .init("type", JSON(type)),
            .init("entityType", JSON(attributes.entityType)), .init("entityId", JSON(attributes.entityID)),
            .init("isPublic", .bool(attributes.isPublic)), .init("metadata", attributes.metadata ?? .null),
            .init("title", JSON(attributes.title)), .init("processing", JSON(attributes.processing)),
            .init("grant", grant?.json ?? .null),
            .init("direct", direct ?? .null),
        ])
    }
}
