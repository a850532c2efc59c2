import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// Adds a request's bytes to an upload. What has come stays, however the request ends.
struct ReceiveUpload {
    /// Bytes that are read and written at once.
    private static let pieceBytes = 64 << 10
    /// After so many the disk is told to write, and asked whether there is room.
    private static let stretch: Int64 = 16 << 20

    let context: Context

    private var uploads: ResumableUploads { ResumableUploads(context: context) }

    /// - Parameters:
    ///   - position: where the bytes belong, as the request says.
    ///   - length: what the whole file is to have, where that is said now.
    /// - Returns: the upload, with what was added.
    /// - Throws: 409 where its bytes end elsewhere; 460 where they aren't what the checksum says.
    func run(
        _ request: Request, _ hold: inout ResumableUploads.Hold, at position: Int64, length: Int64?,
        checksum: UploadChecksum?
    ) throws {
        guard let file = hold.file, !hold.entry.isEnded, hold.entry.kind != .final else {
            throw Problem(.offsetMismatch, "Upload-Offset: the upload is complete")
        }
        guard position == hold.entry.position else {
            throw Problem(
                .offsetMismatch, "Upload-Offset: the upload has \(hold.entry.position) bytes",
                errors: [.init("Upload-Offset", "the upload has \(hold.entry.position) bytes")])
        }
        try take(length, &hold)
        let limit =
            (hold.entry.length ?? Int64(context.environment.configuration.number(.uploadBytes))) - position
        if let announced = request.contentLength, announced > limit { throw tooLong(limit) }
        try CheckUpload(context: context).requireRoom(0)
        // A client may take its time, and the server has only so many connections.
        if request.contentLength ?? .max > Self.stretch { context.connection.close() }
        let outcome = Result {
            try hold.upload.interruptible(request.descriptor) {
                if let checksum {
                    try addChecked(request, to: file, hold.upload, checksum, limit)
                } else {
                    try add(request, to: file, hold.upload, limit)
                }
            }
        }
        try settle(file, &hold)
        try outcome.get()
    }

    /// Notes what the whole file is to have, as soon as that is known.
    func take(_ length: Int64?, _ hold: inout ResumableUploads.Hold) throws {
        guard let length else { return }
        if let known = hold.entry.length {
            guard known == length else { throw Problem.invalid("Upload-Length", "was \(known) before") }
            return
        }
        guard length >= hold.entry.position else {
            throw Problem.invalid("Upload-Length", "the upload has \(hold.entry.position) bytes already")
        }
        try hold.entry.description["grant"].flatMap(UploadGrant.init)?.check(size: length, "Upload-Length")
        try uploads.checkLength(length)
        try context.connection.transaction { [entry = hold.entry] connection in
            try uploads.requireUsage(length, files: 0, of: entry.userID, connection)
            try ResumableUploadRepository(connection).setLength(entry.id, length)
        }
        hold.entry.length = length
    }

    private func tooLong(_ limit: Int64) -> Problem {
        .tooLarge("body", limit: limit, "more bytes than are left of the upload")
    }

    /// - Parameter limit: bytes that the request may bring.
    private func add(
        _ request: Request, to file: PartialFile, _ upload: HeldUpload, _ limit: Int64
    ) throws {
        var count: Int64 = 0
        let start = upload.position
        try pieces(of: request, upload) { piece in
            // Whoever has it by then has these bytes from its own client.
            guard upload.isLeased else { return false }
            guard count + Int64(piece.count) <= limit else { throw tooLong(limit) }
            try file.append(piece)
            let before = count
            count += Int64(piece.count)
            upload.position = start + count
            if before / Self.stretch != count / Self.stretch {
                file.startWriting(start + before / Self.stretch * Self.stretch..<start + count)
                try CheckUpload(context: context).requireRoom(0)
            }
            return !upload.isWanted
        }
    }

    /// All of a request's bytes or none: they wait in a file of their own until it is known what they are.
    private func addChecked(
        _ request: Request, to file: PartialFile, _ upload: HeldUpload, _ checksum: UploadChecksum, _ limit: Int64
    ) throws {
        let chunk = try context.environment.storage.temporaryPartial(as: context.stagingName())
        var digester = UploadChecksum.Digester(checksum.algorithm)
        var count: Int64 = 0
        try pieces(of: request, upload) { piece in
            guard upload.isLeased, !upload.isWanted else { return false }
            count += Int64(piece.count)
            guard count <= limit else { throw tooLong(limit) }
            digester.update(piece)
            try chunk.append(piece)
            return true
        }
        if let announced = request.contentLength, count < announced { return }
        guard digester.value == checksum.value else {
            throw Problem(
                .checksumMismatch, "Upload-Checksum: the bytes have another \(checksum.algorithm.rawValue)",
                errors: [.init("Upload-Checksum", "the bytes have another \(checksum.algorithm.rawValue)")])
        }
        guard upload.isLeased else { return }
        try file.append(chunk)
        upload.position += count
    }

    /// - Parameter body: returns whether to go on.
    private func pieces(of request: Request, _ upload: HeldUpload, _ body: (UnsafeRawBufferPointer) throws -> Bool)
        rethrows
    {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = request.readBody(into: buffer)
            upload.noteBytes()
            if count > 0, try !body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return }
            if count < buffer.count { return }
        }
    }

    /// Makes durable what has come, and says so.
    func settle(_ file: PartialFile, _ hold: inout ResumableUploads.Hold) throws {
        // Also where a write has failed in its middle.
        let position = try file.size()
        try uploads.sync(file, upTo: position)
        if hold.entry.kind != .fetched, hold.entry.kind != .direct {
            StoredParts(context: context).store(hold.upload.id, file, upTo: position)
        }
        let upload = hold.upload
        let expiry = uploads.expiry(context.now())
        // Nothing else is to be done with it: one commit less.
        let isLast = position != hold.entry.length
        let isHeld = try context.connection.transaction { connection in
            let repository = ResumableUploadRepository(connection)
            try repository.setExpiry(upload.id, expiry)
            let isHeld = try repository.note(
                upload.id, upload.holder.token, position: position, boot: ProcessMark.boot)
            if isLast { try repository.release(upload.id, upload.holder.token) }
            return isHeld
        }
        if isLast { upload.markReleased() }
        // Whoever has it now looks for themselves where its bytes end.
        guard isHeld else { throw Problem(.uploadLocked, "Another request has taken the upload over.", retryAfter: 1) }
        hold.entry.position = position
        hold.entry.expiresAt = expiry
    }
}
