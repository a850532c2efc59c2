import MediaCore
import MediaDatabase
import MediaStorage

/// Brings what was made of a file into the store, and has its record say so, in one transaction: a crash leaves all of it or nothing.
struct CommitVariants {
    /// The record has another file by now, or is deleted.
    struct Superseded: Error {}
    /// What is there is no longer what was looked at.
    struct Outdated: Error {}

    /// Something that was made.
    struct Made {
        var variant: MediaVariant
        var file: StagedFile
        /// Whether it is for the service itself.
        var isHidden = false
    }

    struct Order {
        /// Takes the place of what is there of the same name and format.
        var made: [Made] = []
        /// Which of what is there goes, beside what is replaced.
        var removes: (MediaVariant) -> Bool = { _ in false }
        /// Whether what is there is what was looked at; asked in the transaction.
        var isCurrent: ([VariantRepository.Entry]) -> Bool = { _ in true }
        /// What the record is found by of what its file says; nil: as before.
        var words: String?
        /// Changes the record beyond its variants.
        var change: (inout Media, (String) -> String?) throws -> Void = { _, _ in }
    }

    let context: Context

    /// - Parameters:
    ///   - media: as it was looked at: with another file since then, or deleted, it gets nothing.
    ///   - caller: as the audit log has it.
    /// - Throws: `Superseded`, `Outdated`, what the order's functions throw; then nothing of it stays.
    func run(_ order: Order, of media: Media, by caller: String) throws {
        let inspect = InspectFile(environment: context.environment)
        // Of two of one name the first counts.
        var order = order
        var seen: Set<String> = []
        order.made = order.made.filter { seen.insert($0.variant.fileName).inserted }
        let files = try order.made.map { made -> (id: MediaID, file: CheckedFile) in
            let name = made.variant.fileName
            let file = IncomingFile(
                staged: made.file, originalName: name, declaredType: nil, digests: [], field: name, nameField: name)
            let type = FileType.stored(as: made.variant.mimeType) ?? .unlisted(made.variant.mimeType)
            let checked = CheckedFile(file: file, type: type, sha256: try inspect.durableDigest(file).sha256)
            return (MediaID(now: context.now(), using: &context.random), checked)
        }
        let entries = zip(order.made, files).map { made, file -> VariantRepository.Entry in
            var variant = made.variant
            variant.size = made.file.size
            return .init(variant, sha256: file.file.sha256, isHidden: made.isHidden)
        }
        var released: Set<String> = []
        var revision: Int64 = 0
        try Ingest(context: context).run(
            files, entityType: media.entityType,
            commit: { place, connection in
                (released, revision) = try put(entries, order, media, caller, connection)
                try place()
            },
            isCommitted: {
                // Nobody else writes this revision, but for whoever came after this had failed, whose variants are others.
                let found = try VariantRepository(context.connection).all(of: media.id)
                let current = try MediaRepository(context.connection).find(media.id)?.revision ?? 0
                return current >= revision
                    && entries.allSatisfy { entry in
                        found.contains { $0.variant.fileName == entry.variant.fileName && $0.sha256 == entry.sha256 }
                    }
            })
        try RemoveBlob(context: context).transaction { _ in released }
        try SettlePublications(context: context).settle(media.id)
    }

    /// Seconds after which what is replaced goes from a store elsewhere: decisions and players still name it.
    private static let grace = 120

    /// - Returns: the contents that are referred to no longer, and the record's revision.
    private func put(
        _ entries: [VariantRepository.Entry], _ order: Order, _ media: Media, _ caller: String, _ connection: Connection
    ) throws -> (released: Set<String>, revision: Int64) {
        let records = MediaRepository(connection)
        guard let old = try records.findForUpdate(media.id), old.version == media.version, old.status != .deleted else {
            throw Superseded()
        }
        let now = context.now()
        let repository = VariantRepository(connection)
        let before = try repository.all(of: media.id)
        guard order.isCurrent(before) else { throw Outdated() }
        for entry in entries { try repository.put(entry, of: media.id, now: now) }
        let names = Set(entries.map(\.variant.fileName))
        let gone = before.filter { names.contains($0.variant.fileName) || order.removes($0.variant) }
        for entry in gone {
            if !names.contains(entry.variant.fileName) { try repository.remove(entry.variant, of: media.id) }
            try BlobRepository(connection).release(
                sha256: entry.sha256, now: now.adding(seconds: Self.grace), notesLocal: true)
        }
        var new = old
        new.variants = try repository.all(of: media.id).filter { !$0.isHidden }.map(\.variant)
        try order.change(&new) { name in entries.first { $0.variant.fileName == name }?.sha256 }
        new.revision += 1
        new.updatedAt = max(now, old.updatedAt)
        try records.updateProcessed(new)
        if let words = order.words { try records.putBody(words.isEmpty ? nil : words, of: new) }
        try context.note(.process, caller, from: old, to: new, connection)
        if new.isPublished { try PublicationQueue(connection).add(new.id, now: now) }
        return (Set(gone.map(\.sha256)), new.revision)
    }
}
