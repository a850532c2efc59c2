import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Gives a record another file, and keeps the earlier one as a version.
///
/// Everything, the new public link too, is durable before the transaction that changes the record, so whoever reads sees the
/// one file or the other; what a crash leaves is named by ledger and publication queue.
struct ReplaceFile {
    let context: Context

    private var environment: Environment { context.environment }

    /// Puts a file into a record. One that it has already changes nothing.
    ///
    /// - Throws: 404, 412; 409 where the record isn't READY; 415 for a file of another kind than the record's.
    func run(_ id: String, _ file: IncomingFile, if precondition: Precondition, _ caller: Caller) throws -> Media {
        let old = try readyRecord(id, caller)
        try precondition.check(old)
        let inspect = InspectFile(environment: environment)
        let type = try inspect.acceptedType(file)
        guard type.mediaType == old.type else {
            throw Problem.unsupportedType(
                file.field, "the bytes are \(type.mimeType), and the record is \(old.type.rawValue)")
        }
        let digest = try inspect.durableDigest(file)
        if let name = try ScanFile(context: context).run(file) {
            throw Problem(.infected, "\(file.field): infected with \(name)")
        }
        let version = MediaVersion(
            number: 0, originalName: file.originalName, mimeType: type.mimeType, size: file.staged.size,
            sha256: digest.sha256, createdAt: context.now())
        // Of its own, not the record's: the ledger's entries are uploads.
        let upload = MediaID(now: context.now(), using: &context.random)
        let placing = PlaceBlob(context: context)
        let plan = try placing.plan(digest.sha256, file.staged.size, type.mediaType, entityType: old.entityType)
        let entry = UploadLedger.Entry(mediaID: upload, sha256: digest.sha256, place: plan.place)
        try context.connection.transaction { try UploadLedger($0).add(entry, now: context.now()) }
        do {
            guard file.staged.isPresent else { throw Ingest.overtaken }
            try placing.put(file.staged, digest.sha256, plan)
            return try change(old, to: version, upload: (upload, plan), if: precondition, caller)
        } catch let error as MariaDBError where error.code == .outcomeUnknown {
            return try found(version, in: old, error)
        } catch {
            SettleUploads(context: context).settleFailed([entry])
            throw error
        }
    }

    /// Makes an earlier version's file the record's again, as a new version.
    ///
    /// - Throws: 404 where there is no such version, 409, 412.
    func restore(_ number: Int64, of id: String, if precondition: Precondition, _ caller: Caller) throws -> Media {
        let old = try readyRecord(id, caller)
        let versions = try MediaVersionRepository(context.connection).all(of: old.id)
        guard let version = versions.first(where: { $0.number == number }) else { throw ManageVersions.notFound }
        do {
            return try change(old, to: version, upload: nil, if: precondition, caller)
        } catch let error as MariaDBError where error.code == .outcomeUnknown {
            return try found(version, in: old, error)
        }
    }

    private static let outside = Problem(.outside, "The record points to a file outside of this service.")

    private func readyRecord(_ id: String, _ caller: Caller) throws -> Media {
        let media = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        guard media.sha256 != nil else { throw Self.outside }
        guard media.status == .ready else { throw Problem.notReady(media.status) }
        return media
    }

    /// The transaction, and the public link as the record then wants it.
    ///
    /// - Parameter upload: the ledger's entry of a file that is new, and where it lies; nil where the record has had it.
    private func change(
        _ known: Media, to version: MediaVersion, upload: (id: MediaID, plan: PlaceBlob.Plan)?,
        if precondition: Precondition, _ caller: Caller
    ) throws -> Media {
        // Of what lies elsewhere there are no links, and none of what has to be processed first.
        let isHere = try upload?.plan.place.isLocal ?? context.isHere(version.sha256, context.connection)
        if known.isPublished, isHere, !isProcessed(version, known) { try publishAhead(known, version) }
        let media: Media
        var released: Set<String> = []
        do {
            media = try commit(known, to: version, upload: upload, if: precondition, caller, &released)
        } catch {
            if known.isPublished { withdrawLink(of: known.id) }
            throw error
        }
        try context.afterCommit {
            try SettlePublications(context: context).settle(media.id)
            try RemoveBlob(context: context).transaction { _ in released }
        }
        context.logger.info(
            "file replaced",
            metadata: [
                "media": "\(media.id)", "caller": "\(caller.name)", "version": "\(media.version)",
                "size": "\(media.size)",
            ])
        return media
    }

    private func isProcessed(_ version: MediaVersion, _ media: Media) -> Bool {
        PlanProcessing(context: context).status(version.mimeType, media.processing) == .processing
    }

    /// - Parameter released: gets the contents that were made of the other file.
    private func commit(
        _ known: Media, to version: MediaVersion, upload: (id: MediaID, plan: PlaceBlob.Plan)?,
        if precondition: Precondition, _ caller: Caller, _ released: inout Set<String>
    ) throws -> Media {
        let now = context.now()
        return try context.connection.transaction { connection in
            let records = MediaRepository(connection)
            let found = try records.findForUpdate(known.id)
            let id = known.id.rawValue
            try Authorize.check(caller, .replaceFile, on: found, id: id, connection)
            guard let old = found else { throw Problem.mediaNotFound(id) }
            guard let current = old.currentVersion else { throw Self.outside }
            guard old.status == .ready else { throw Problem.notReady(old.status) }
            try precondition.check(old)
            let isNew = !old.hasFile(version)
            var new = isNew ? old.replaced(by: version, at: now) : old
            if isNew, isProcessed(version, old) { try new.reprocess() }
            // Blobs before the ledger, in every transaction that locks both.
            if isNew {
                // Where the record has had the file, whatever refers to it keeps it where it is.
                let plan = try upload?.plan ?? earlierPlan(version, connection)
                try PlaceBlob(context: context).reference(version.sha256, new.size, plan, connection)
            }
            if let upload, try !UploadLedger(connection).remove(upload.id) { throw Ingest.overtaken }
            // Housekeeping may have settled it already, where this took long.
            if known.isPublished || old.isPublished { try PublicationQueue(connection).add(old.id, now: now) }
            if !isNew { return old }
            let versions = MediaVersionRepository(connection)
            try versions.add(current, of: old.id)
            try records.updateFile(new)
            let made = try VariantRepository(connection).removeAll(of: old.id).map(\.sha256)
            for sha256 in made.sorted() {
                try BlobRepository(connection).release(
                    sha256: sha256, now: ManageVersions.end(now), notesLocal: true)
            }
            released = Set(made)
            try PlanProcessing(context: context).add(new, connection)
            try context.note(
                upload == nil ? .restoreVersion : .replaceFile, caller.name, from: old, to: new, connection)
            for excess in try versions.all(of: old.id).dropFirst(environment.configuration.number(.versions)) {
                try versions.expire(excess.number, of: old.id, at: ManageVersions.end(now))
            }
            try CountUsage(environment: environment).add(Usage(bytes: new.size), of: new.userID, connection)
            return new
        }
    }

    private func earlierPlan(_ version: MediaVersion, _ connection: Connection) throws -> PlaceBlob.Plan {
        guard let found = try BlobRepository(connection).findForUpdate(version.sha256) else {
            throw ManageVersions.notFound
        }
        return PlaceBlob.Plan(place: found.place, isThere: true)
    }

    /// Makes the public link that the record is going to have, which nobody can know who doesn't have the content. Noted first: a
    /// crash may leave it. The record stays locked meanwhile, as it is for whoever takes links away.
    private func publishAhead(_ media: Media, _ version: MediaVersion) throws {
        let now = context.now()
        // Another request may settle the record in between, and remove the note.
        for _ in 1...3 {
            try context.connection.transaction { try PublicationQueue($0).add(media.id, now: now) }
            let isDone = try context.connection.transaction { connection in
                guard let found = try MediaRepository(connection).findForUpdate(media.id), found.isPublished,
                    !found.hasFile(version)
                else { return true }
                guard try PublicationQueue(connection).containsLocked(media.id) else { return false }
                try Turns(connection).take(.publication(media.id))
                let name = found.replaced(by: version, at: now).publicName
                try environment.storage.publish(media.id, name: name, sha256: version.sha256)
                return true
            }
            if isDone { return }
        }
        // Then the link comes behind the record.
    }

    /// Takes the link away that `publishAhead` has made for nothing.
    private func withdrawLink(of id: MediaID) {
        do {
            try SettlePublications(context: context).settle(id)
        } catch {
            // It is noted; housekeeping tries again.
            context.logger.warning("a public link stays for housekeeping", metadata: ["error": "\(error)"])
        }
    }

    /// The commit was sent and its answer lost: looks whether it happened.
    private func found(_ version: MediaVersion, in old: Media, _ error: MariaDBError) throws -> Media {
        try context.afterCommit {
            guard let media = try MediaRepository(context.connection).find(old.id), media.hasFile(version) else {
                throw error
            }
            try SettlePublications(context: context).settle(media.id)
            return media
        }
    }
}

extension Media {
    /// Whether a file is what the record has, under the name that it has.
    fileprivate func hasFile(_ version: MediaVersion) -> Bool {
        sha256 == version.sha256 && ExactText(originalName) == ExactText(version.originalName)
            && mimeType == version.mimeType
    }

    fileprivate func replaced(by file: MediaVersion, at now: Timestamp) -> Media {
        var new = self
        let type = FileType.stored(as: file.mimeType) ?? .unlisted(file.mimeType)
        let name = FileName.publicName(originalName: file.originalName, extension: type.fileExtension)
        new.replaceFile(with: file, publicName: name, at: now)
        new.updatedAt = max(now, updatedAt)
        new.revision += 1
        return new
    }
}
