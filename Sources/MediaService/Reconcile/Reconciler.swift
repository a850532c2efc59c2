import MediaCore
import MediaDatabase
import MediaStorage

/// `mediad reconcile`: compares database and store in both directions, hash by hash.
///
/// Beside a running service it reports nothing that is only on its way: what looks wrong is looked at again under the locks that
/// uploads and deletions take.
package struct Reconciler {
    private let context: Context
    private let repairs: Bool
    private let report: (StoreFinding) -> Void

    private var storage: LocalStorage { context.environment.storage }

    /// - Parameters:
    ///   - repairs: whether what is certain is mended: orphans go, counts, links and sums are put right.
    ///   - report: gets each finding.
    package init(context: Context, repairs: Bool, report: @escaping (StoreFinding) -> Void) {
        self.context = context
        self.repairs = repairs
        self.report = report
    }

    /// - Parameters:
    ///   - first: the first byte of the hashes to begin with, after a run that was ended.
    ///   - progress: gets the byte that comes next.
    package func run(from first: UInt8 = 0, progress: (UInt8) -> Void) throws {
        for prefix in first...255 {
            progress(prefix)
            try blobs(prefix)
        }
        try links()
        try uploads()
        try usage()
        for name in try storage.strangers() {
            report(.init(kind: .unknown, subject: name, text: "isn't of this service"))
        }
    }

    // MARK: Blobs

    private func blobs(_ prefix: UInt8) throws {
        let repository = StoreAuditRepository(context.connection)
        let counts = try repository.counts([prefix])
        let rows = try repository.blobs([prefix])
        let found = try storage.objects(prefix)
        var sizes: [String: Int64] = [:]
        for file in found {
            guard let sha256 = file.sha256, let size = file.size else {
                report(.init(kind: .unknown, subject: file.path, text: "isn't of this service"))
                continue
            }
            sizes[sha256] = size
        }
        for row in rows {
            if row.places.contains(.local), sizes[row.sha256] != row.size { try lost(row) }
            if counts[row.sha256] ?? 0 != row.count { try wrongCount(row.sha256) }
        }
        let known = Set(rows.filter { $0.places.contains(.local) }.map(\.sha256))
        for sha256 in sizes.keys.sorted() where !known.contains(sha256) { try orphan(sha256) }
        for store in context.environment.stores.others { try blobs(prefix, in: store, rows) }
    }

    private func lost(_ row: StoreAuditRepository.Blob) throws {
        try context.connection.transaction { connection in
            // A blob goes from the store under these locks only.
            let repository = StoreAuditRepository(connection)
            guard let row = try repository.blobLocked(row.sha256) else { return }
            let size = storage.blobSize(row.sha256)
            guard row.places.contains(.local), size != row.size else { return }
            try report(lost: "objects/\(LocalStorage.objectName(row.sha256))", row, .local, size, repository)
        }
    }

    private func report(
        lost subject: String, _ row: StoreAuditRepository.Blob, _ place: BlobPlace, _ size: Int64?,
        _ repository: StoreAuditRepository
    ) throws {
        let records = try repository.records(of: row.sha256).joined(separator: ", ")
        let what = size.map { "has \($0) bytes of \(row.size)" } ?? "isn't there"
        let second = row.places.count > 1 ? "; 'mediad scrub' brings it back from the second copy" : ""
        report(.init(kind: .lostBlob, subject: subject, text: "\(what); records: \(records)\(second)"))
    }

    // MARK: Stores elsewhere

    private func blobs(_ prefix: UInt8, in store: StoreDescription, _ rows: [StoreAuditRepository.Blob]) throws {
        var found: [BlobKey: Int64] = [:]
        try store.storage.blobs(prefix) { blob in
            guard let key = blob.key, let size = blob.size else {
                return report(
                    .init(kind: .unknown, subject: "\(store.name)/\(blob.name)", text: "isn't of this service"))
            }
            found[key] = size
        }
        var known: Set<BlobKey> = []
        for row in rows {
            for place in row.places where place.store == store.name {
                let key = BlobKey(sha256: row.sha256, token: place.token)
                known.insert(key)
                if found[key] != row.size { try lost(row, place, key, store) }
            }
        }
        for key in found.keys.sorted(by: { $0.name < $1.name }) where !known.contains(key) { try orphan(key, store) }
    }

    private func lost(
        _ row: StoreAuditRepository.Blob, _ place: BlobPlace, _ key: BlobKey, _ store: StoreDescription
    ) throws {
        // It may have come or gone since it was listed.
        let repository = StoreAuditRepository(context.connection)
        guard
            try BlobRepository(context.connection).find(row.sha256).map({ $0.place == place || $0.replica == place })
                ?? false
        else { return }
        let size = try store.storage.size(of: key)
        guard size != row.size else { return }
        try report(lost: "\(store.name)/\(key)", row, place, size, repository)
    }

    /// A key is never used again, so what nothing refers to now never will be referred to.
    private func orphan(_ key: BlobKey, _ store: StoreDescription) throws {
        let place = BlobPlace(store: store.name, token: key.token)
        let isNeeded = try context.connection.transaction { connection in
            let row = try BlobRepository(connection).findForUpdate(key.sha256)
            if row?.place == place || row?.replica == place { return true }
            if try UploadPartRepository(connection).contains(key.sha256, place) { return true }
            return try UploadLedger(connection).placesLocked(key.sha256).contains(place)
                || BlobRemovalRepository(connection).contains(key.sha256, place)
        }
        guard !isNeeded, try store.storage.size(of: key) != nil else { return }
        var finding = StoreFinding(kind: .orphanBlob, subject: "\(store.name)/\(key)", text: "nothing refers to it")
        if repairs {
            try store.storage.remove(key)
            finding.isRepaired = true
        }
        report(finding)
    }

    private func wrongCount(_ sha256: String) throws {
        var finding: StoreFinding?
        try context.connection.transaction { connection in
            finding = nil
            let repository = StoreAuditRepository(connection)
            // Whoever adds a reference or takes one away waits for this row.
            guard let row = try repository.blobLocked(sha256), let hash = Hex.decode(sha256) else { return }
            let count = try repository.counts(hash)[sha256] ?? 0
            guard count != row.count else { return }
            finding = StoreFinding(
                kind: .wrongCount, subject: sha256, text: "\(row.count) references are noted, and there are \(count)")
            // Without any, the row is what keeps the blob: that is looked at by a person.
            guard repairs, count > 0 else { return }
            try repository.setCount(sha256, count)
            finding?.isRepaired = true
        }
        if let finding { report(finding) }
    }

    private func orphan(_ sha256: String) throws {
        let isKnown =
            try RemoveBlob(context: context).isNeeded(sha256)
            || BlobRemovalRepository(context.connection).contains(sha256, .local) || storage.isStaged(sha256)
        if isKnown || !storage.hasBlob(sha256) { return }
        var finding = StoreFinding(
            kind: .orphanBlob, subject: "objects/\(LocalStorage.objectName(sha256))", text: "nothing refers to it")
        if repairs {
            try RemoveBlob(context: context).transaction { _ in [sha256] }
            finding.isRepaired = true
        }
        report(finding)
    }

    // MARK: Links, uploads, sums

    private func links() throws {
        let repository = StoreAuditRepository(context.connection)
        var last = ""
        while true {
            let page = try repository.published(after: last, limit: 1000)
            for (id, name, isHere, hasMore) in page
            where try hasMore || storage.publicNames(id) != (isHere ? [name] : []) { try wrongLink(id) }
            guard let next = page.last else { break }
            last = next.id.rawValue
        }
        for name in try storage.publicFolders() {
            guard let id = MediaID(name) else {
                report(.init(kind: .unknown, subject: "public/\(name)", text: "isn't of this service"))
                continue
            }
            let media = try MediaRepository(context.connection).find(id)
            guard try media?.isPublished != true || !isHere(media) else { continue }
            try wrongLink(id)
        }
    }

    /// Looks once more, with the record locked.
    private func wrongLink(_ id: MediaID) throws {
        let isWrong = try context.connection.transaction { connection in
            let media = try MediaRepository(connection).findForUpdate(id)
            // Of a new record the link comes before it.
            try Turns(connection).take(.publication(id))
            let names = try SettlePublications(context: context).links(of: media, connection).map(\.name)
            if names.isEmpty { return storage.hasPublicFolder(id) }
            return try storage.publicNames(id) != Set(names)
        }
        guard isWrong else { return }
        var finding = StoreFinding(kind: .wrongLink, subject: "public/\(id)", text: "doesn't fit its record")
        if repairs {
            try SettlePublications(context: context).settle(id)
            finding.isRepaired = true
        }
        report(finding)
    }

    /// Of what lies elsewhere there are no links.
    private func isHere(_ media: Media?) throws -> Bool {
        guard let sha256 = media?.sha256 else { return false }
        return try context.isHere(sha256, context.connection)
    }

    private func uploads() throws {
        let grace = context.environment.configuration.number(.uploadGrace)
        for id in try storage.partialFiles(olderThan: grace, now: context.now())
        where try ResumableUploadRepository(context.connection).find(id) == nil {
            var finding = StoreFinding(kind: .orphanUpload, subject: "partial/\(id)", text: "there is no such upload")
            if repairs { finding.isRepaired = try storage.removePartial(id) }
            report(finding)
        }
    }

    private func usage() throws {
        for wrong in try StoreAuditRepository(context.connection).wrongUsage() {
            // An upload or a deletion may have come in between.
            let again = try StoreAuditRepository(context.connection).wrongUsage()
            guard again.contains(where: { $0.userID == wrong.userID && $0.taken == wrong.taken }) else { continue }
            var finding = StoreFinding(
                kind: .wrongUsage, subject: wrong.userID,
                text: "counted as \(wrong.counted.bytes) bytes in \(wrong.counted.files) files, and has "
                    + "\(wrong.taken.bytes) in \(wrong.taken.files)")
            if repairs {
                let difference = wrong.taken + -wrong.counted
                try context.connection.transaction {
                    try UsageRepository($0).add(difference, of: wrong.userID)
                }
                finding.isRepaired = true
            }
            report(finding)
        }
    }
}
