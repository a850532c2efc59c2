import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Makes a record of an upload whose bytes are all there, by the same steps as of any other file.
struct FinishUpload {
    let context: Context

    /// What is wrong with a file itself: trying again changes nothing.
    private static let final: Set<ProblemCode> = [.invalidRequest, .unsupportedMediaType, .tooLarge, .digestMismatch]

    /// Does nothing for an upload that isn't complete, is a part, or has ended.
    ///
    /// - Throws: what the file is refused for, which the upload then remembers.
    func run(_ hold: inout ResumableUploads.Hold) throws {
        guard !hold.entry.isEnded else { return }
        if hold.entry.kind == .final { try join(&hold) }
        guard hold.entry.kind != .partial, hold.entry.isComplete else { return }
        let (entry, upload) = (hold.entry, hold.upload)
        do {
            hold.entry.mediaID = try ingest(entry, upload)
        } catch let problem as Problem where Self.final.contains(problem.code) {
            try fail(&hold, problem)
            throw problem
        }
        try context.environment.storage.removePartial(entry.id)
        end(entry.parts)
    }

    /// Ends an upload that becomes no record.
    func fail(_ hold: inout ResumableUploads.Hold, _ problem: Problem) throws {
        let failure = JSON.object([
            .init("code", .string(problem.code.rawValue)), .init("detail", .string(problem.detail)),
        ])
        let upload = hold.upload
        try context.connection.transaction { connection in
            _ = try ResumableUploadRepository(connection).end(
                upload.id, upload.holder.token, mediaID: nil, failure: failure)
            try UploadPartRepository(connection).drop(upload.id, now: context.now())
        }
        try context.environment.storage.removePartial(upload.id)
        try DirectUploads(context: context).remove(hold.entry)
        hold.entry.failure = failure
    }

    /// The parts are used up; one that can't be ended now ends by itself.
    private func end(_ parts: [MediaID]) {
        for part in parts {
            do {
                try ResumableUploads(context: context).terminate(part)
            } catch {
                context.logger.warning(
                    "a part stays until it expires", metadata: ["upload": "\(part)", "error": "\(error)"])
            }
        }
    }

    /// Why an upload has become no record.
    static func problem(_ failure: JSON) -> Problem {
        let code = failure["code"]?.string.flatMap(ProblemCode.init(rawValue:)) ?? .internalError
        return Problem(code, failure["detail"]?.string ?? "")
    }

    private func ingest(
        _ entry: ResumableUploadRepository.Entry, _ upload: HeldUpload
    ) throws -> MediaID {
        let (name, type, attributes) = description(entry)
        let staged = try context.environment.storage.stagePartial(entry.id, as: context.stagingName())
        let file = IncomingFile(
            staged: staged, originalName: name, declaredType: type, digests: [], field: "body", nameField: "filename")
        let operation = CreateMedia(context: context)
        var checked = try operation.check([file], entry.description["grant"].flatMap(UploadGrant.init))
        if let target = DirectUploads.Target(entry) {
            guard checked[0].sha256 == target.sha256 else {
                throw Problem(.digestMismatch, "The file in the store has another SHA-256 than was said.")
            }
            // Otherwise the bytes that were verified are put once more, where nobody else may write.
            if try DirectUploads(context: context).isSealed(target) { checked[0].place = target.place }
        }
        let isMoved = checked[0].place == nil
        let media = try operation.run(checked, attributes, by: entry.caller) { connection, media in
            let isMine = try ResumableUploadRepository(connection).end(
                entry.id, upload.holder.token, mediaID: media[0].id, failure: nil)
            guard isMine else { throw Ingest.overtaken }
            try UploadPartRepository(connection).drop(entry.id, now: context.now())
            guard let target = DirectUploads.Target(entry), let ledger = DirectUploads.ledger(entry) else { return }
            try UploadLedger(connection).remove(ledger)
            guard isMoved else { return }
            try BlobRemovalRepository(connection).add(target.sha256, target.place, due: context.now())
            try DirectUploads(context: context).removeLater(target, entry, connection)
        }
        return media[0].id
    }

    private func description(
        _ entry: ResumableUploadRepository.Entry
    ) -> (name: String, type: String?, attributes: MediaAttributes) {
        func text(_ name: String) -> String? { entry.description[name]?.string }
        let metadata = entry.description["metadata"]
        var attributes = MediaAttributes(userID: entry.userID)
        attributes.entityType = text("entityType")
        attributes.entityID = text("entityId")
        attributes.isPublic = entry.description["isPublic"] == .bool(true)
        attributes.metadata = metadata?.isNull == false ? metadata : nil
        attributes.title = text("title")
        attributes.processing = text("processing")
        return (text("originalName") ?? "", text("type"), attributes)
    }

    /// Puts a final upload's file together. Begun anew after a crash, since its parts stay until it has ended.
    private func join(_ hold: inout ResumableUploads.Hold) throws {
        let uploads = ResumableUploads(context: context)
        let storage = context.environment.storage
        let file = try storage.shortenPartial(hold.entry.id, to: 0)
        guard try file.lock() else { throw Ingest.overtaken }
        for part in hold.entry.parts {
            let held = try uploads.hold(part)
            defer { uploads.release(held.upload) }
            guard let bytes = held.file, held.entry.kind == .partial, held.entry.isComplete else {
                throw Problem.invalid("Upload-Concat", "upload \(part) is not complete")
            }
            try file.append(bytes)
        }
        try file.sync()
        hold.entry.position = try file.size()
        hold.file = file
        let (entry, upload) = (hold.entry, hold.upload)
        try context.connection.transaction {
            try ResumableUploadRepository($0).note(
                entry.id, upload.holder.token, position: entry.position, boot: ProcessMark.boot)
        }
    }
}
