import Logging
import MediaCore
import MediaDatabase
import MediaProcessing
import MediaStorage
import Synchronization

/// Where a file is processed: a folder with the file, programs in a sandbox, and the way of what they have made into the store.
final class Workplace {
    /// The record has another file by now, or is deleted.
    struct Superseded: Error {}

    /// A file that a program has made.
    struct Made {
        var variant: MediaVariant
        var path: String
        /// Whether it is for the service itself.
        var isHidden = false
    }

    /// What is known of a file by now.
    struct Result {
        /// Takes the place of what is there of the same name and format.
        var made: [Made] = []
        /// Whether what is there under other names goes.
        var replacesAll = false
        /// Members that are merged into the record's details.
        var details: JSON?
        /// What others than owner and administrators get in place of the file: one of those that were made.
        var shown: Made?
        var isReady: Bool
    }

    /// The sandbox of this process: whether namespaces can be had is found out once.
    private static let sandbox = Mutex<Sandbox?>(nil)

    let media: Media
    let context: Context
    /// The file.
    let source: String
    /// Where programs may write.
    let folder: String
    private let home: String
    private var commits = 0
    private let running: RunningJob
    private let steps: [String]
    private var step = 0

    init(_ media: Media, _ running: RunningJob, _ context: Context, steps: [String] = ["make"]) throws {
        self.media = media
        self.running = running
        self.context = context
        self.steps = steps
        let storage = context.environment.storage
        home = try storage.makeWorkFolder(running.job.id)
        folder = "\(home)/made"
        source = "\(home)/source"
        do {
            try fetch()
        } catch {
            remove()
            throw error
        }
    }

    var configuration: Configuration { context.environment.configuration }

    /// Brings the file here, if it isn't.
    private func fetch() throws {
        let storage = context.environment.storage
        guard let entry = try BlobRepository(context.connection).find(media.sha256 ?? "") else { throw Superseded() }
        guard !entry.place.isLocal else { return try storage.link(BlobKey(sha256: entry.sha256), to: source) }
        try CheckUpload(context: context).requireRoom(entry.size)
        let store = try context.environment.stores.storage(entry.place.store)
        try storage.fill(source) { append in
            try store.read(BlobKey(sha256: entry.sha256, token: entry.place.token), 0..<entry.size) { bytes in
                try self.running.check()
                try append(bytes)
            }
        }
    }

    func remove() {
        do {
            try context.environment.storage.removeWorkFolder(running.job.id)
        } catch {
            context.logger.warning("a folder stays for housekeeping", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Programs

    /// Runs a program of the system, or one that lies beside this one.
    ///
    /// - Parameters:
    ///   - program: its path.
    ///   - reads: what it may read beside the file.
    func run(
        _ program: String, _ arguments: [String], input: [UInt8] = [], reads: [String] = [],
        onLine: ((String) -> Void)? = nil
    ) throws -> Tool.Output {
        try Tool(sandbox: Self.madeSandbox(configuration), limits: limits).run(
            program, arguments, input: input, reads: [source] + reads, folder: folder, check: running.check,
            onLine: onLine)
    }

    private var limits: Sandbox.Limits {
        let time = configuration.number(.toolTime)
        // Of each of some threads.
        return Sandbox.Limits(
            memory: Int64(configuration.number(.toolMemory)), processorTime: time * 8, time: time,
            fileSize: max(1 << 30, 2 * configuration.maxBytes(media.type)))
    }

    private static func madeSandbox(_ configuration: Configuration) throws -> Sandbox {
        try sandbox.withLock { sandbox in
            if let sandbox { return sandbox }
            let made = try Sandbox(Sandbox.Kind(rawValue: configuration.text(.sandbox)) ?? .auto)
            sandbox = made
            return made
        }
    }

    // MARK: Progress

    /// Says how much of a step is done.
    func report(_ step: String, percent: Int) {
        let at = steps.firstIndex(of: step) ?? 0
        let all = steps.enumerated().map { index, name in
            JSON.object([
                .init("step", .string(name)),
                .init("percent", .integer(index < at ? 100 : index == at ? Int64(percent) : 0)),
            ])
        }
        running.report(
            .object([
                .init("step", .string(step)),
                .init("percent", .integer(Int64((at * 100 + percent) / max(1, steps.count)))),
                .init("steps", .array(all)),
            ]))
    }

    // MARK: Results

    /// Brings what was made into the store, and has the record say so.
    ///
    /// - Throws: `Superseded`; then nothing of it stays.
    func commit(_ result: Result) throws {
        try running.check()
        let inspect = InspectFile(environment: context.environment)
        let files = try result.made.map { made -> (id: MediaID, file: CheckedFile) in
            let staged = try context.environment.storage.stage(madeFile: made.path, as: context.stagingName())
            let file = IncomingFile(
                staged: staged, originalName: made.variant.fileName, declaredType: nil, digests: [],
                field: made.variant.fileName, nameField: made.variant.fileName)
            let type = FileType.stored(as: made.variant.mimeType) ?? .unlisted(made.variant.mimeType)
            let checked = CheckedFile(file: file, type: type, sha256: try inspect.durableDigest(file).sha256)
            return (MediaID(now: context.now(), using: &context.random), checked)
        }
        let entries = zip(result.made, files).map { made, file -> VariantRepository.Entry in
            var variant = made.variant
            variant.size = file.file.file.staged.size
            return .init(variant, sha256: file.file.sha256, isHidden: made.isHidden)
        }
        let shown = result.shown.flatMap { shown in entries.first { $0.variant.fileName == shown.variant.fileName } }
        var released: Set<String> = []
        try Ingest(context: context).run(
            files, entityType: media.entityType,
            commit: { connection in
                released = try put(entries, result, shown: shown?.sha256, connection)
            },
            isCommitted: {
                let found = try VariantRepository(context.connection).all(of: media.id)
                return entries.allSatisfy { entry in
                    found.contains { $0.variant.fileName == entry.variant.fileName && $0.sha256 == entry.sha256 }
                }
            })
        try RemoveBlob(context: context).transaction { _ in released }
        try SettlePublications(context: context).settle(media.id)
        // What lies in the store by now is out of the reach of whatever program runs next.
        commits += 1
        try context.environment.storage.putAside(running.job.id, as: "done-\(commits)")
    }

    // MARK: Helpers

    /// A text that the service itself has made.
    func write(_ text: String, _ name: String, _ type: String) throws -> Made {
        let path = "\(folder)/\(name)"
        try context.environment.storage.fill(path) { append in
            try Array(text.utf8).withUnsafeBytes { try append($0) }
        }
        let parts = name.split(separator: ".").map(String.init)
        return Made(
            variant: MediaVariant(name: parts[0], fileExtension: parts[1], mimeType: type, size: 0), path: path)
    }

    /// The small ones of the presets, of a picture that stands for the file.
    func pictures(of path: String, leavingOut names: Set<String> = []) throws -> [Made] {
        let presets = (configuration.imagePresets(of: media.processing ?? "") ?? []).filter {
            $0.width <= 640 && !names.contains($0.name)
        }
        if presets.isEmpty { return [] }
        let order = ImageOrder(
            source: path, mimeType: "image/jpeg", folder: folder, presets: presets, formats: configuration.imageFormats)
        return try ProcessImage.make(order, self).variants
    }

    /// The first file of those that were committed whose name ends so.
    func firstDone(endingWith ending: String) -> String? {
        (1...max(1, commits)).lazy.flatMap { LocalStorage.files(in: "\(self.home)/done-\($0)", endingWith: ending) }
            .first
    }

    /// Where a file that was committed can be read still.
    func done(_ name: String) -> String { "\(home)/done-\(commits)/\(name)" }

    /// - Returns: the contents that are referred to no longer.
    private func put(
        _ entries: [VariantRepository.Entry], _ result: Result, shown: String?, _ connection: Connection
    ) throws -> Set<String> {
        let records = MediaRepository(connection)
        guard let old = try records.findForUpdate(media.id), old.version == media.version, old.status != .deleted else {
            throw Superseded()
        }
        let now = context.now()
        let repository = VariantRepository(connection)
        let before = try repository.all(of: media.id)
        for entry in entries { try repository.put(entry, of: media.id, now: now) }
        let names = Set(entries.map(\.variant.fileName))
        let gone = before.filter { names.contains($0.variant.fileName) || result.replacesAll }
        for entry in gone {
            if !names.contains(entry.variant.fileName) { try repository.remove(entry.variant, of: media.id) }
            try BlobRepository(connection).release(sha256: entry.sha256, now: now)
        }
        var new = old
        new.variants = try repository.all(of: media.id).filter { !$0.isHidden }.map(\.variant)
        if let details = result.details {
            new.details = (old.details ?? .object([])).merged(with: details)
        }
        if result.replacesAll || shown != nil { new.shownSHA256 = shown }
        if result.isReady, old.status == .processing { try new.becomeReady() }
        new.revision += 1
        new.updatedAt = max(now, old.updatedAt)
        try records.updateProcessed(new)
        try context.note(.process, Context.housekeeping, from: old, to: new, connection)
        if new.isPublished { try PublicationQueue(connection).add(new.id, now: now) }
        return Set(gone.map(\.sha256))
    }
}
