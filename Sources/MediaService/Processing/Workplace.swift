import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaProcessing
import MediaStorage
import Synchronization

/// Where a file is processed: a folder with the file, programs in a sandbox, and the way of what they have made into the store.
final class Workplace {
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
        /// Whether what is there under other names goes, but for what people have made or ordered.
        var replacesAll = false
        /// Makes what depends on the text tracks that are there.
        var ofTracks: (([TextTracks.Track]) throws -> Made)?
        /// Members that are merged into the record's details.
        var details: JSON?
        /// What the file says, which it is found by; nil: as before.
        var words: String?
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
    private let name: String
    private var commits = 0
    private let running: RunningJob
    private let steps: [String]

    init(_ media: Media, _ running: RunningJob, _ context: Context, steps: [String] = ["make"]) throws {
        self.media = media
        self.running = running
        self.context = context
        self.steps = steps
        let storage = context.environment.storage
        // Of this attempt alone: another one may have begun, here or elsewhere, where this one was taken for lost.
        name = "\(running.job.id)-\(Hex.encode(Array(running.holder.token.prefix(8))))"
        home = try storage.makeWorkFolder(name)
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
        guard let entry = try BlobRepository(context.connection).find(media.sha256 ?? "") else {
            throw CommitVariants.Superseded()
        }
        // For what is made of it, and for itself where it lies elsewhere.
        try CheckUpload(context: context).requireRoom(entry.size * 2)
        guard !entry.place.isLocal else { return try storage.link(BlobKey(sha256: entry.sha256), to: source) }
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
            try context.environment.storage.removeWorkFolder(name)
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
        do {
            return try Tool(sandbox: madeSandbox(), limits: limits).run(
                program, arguments, input: input, reads: [source] + reads, folder: folder, check: running.check,
                onLine: onLine)
        } catch let failure as ToolFailure where failure.isRefusal {
            // On a full disk programs fail in their own ways; the file isn't to blame.
            try CheckUpload(context: context).requireRoom(1)
            throw failure
        }
    }

    private var limits: Sandbox.Limits {
        let time = configuration.number(.toolTime)
        // Of each of some threads.
        return Sandbox.Limits(
            memory: Int64(configuration.number(.toolMemory)), processorTime: time * 8, time: time,
            fileSize: max(1 << 30, 2 * configuration.maxBytes(media.type)))
    }

    private func madeSandbox() throws -> Sandbox {
        try Self.sandbox.withLock { sandbox in
            if let sandbox { return sandbox }
            let asked = Sandbox.Kind(rawValue: configuration.text(.sandbox)) ?? .auto
            let made = try Sandbox(asked)
            if asked == .auto, !made.hasNamespaces {
                // Looked for again with the next file: it may have been a matter of the moment.
                context.logger.error("programs that read users' files have limits alone; 'mediad doctor' says why")
            } else {
                sandbox = made
            }
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
    /// - Throws: `CommitVariants.Superseded`; then nothing of it stays.
    func commit(_ result: Result) throws {
        try running.check()
        let storage = context.environment.storage
        // Somebody may bring another text track at the same moment.
        for attempt in 0... {
            let tracks = try TextTracks.all(VariantRepository(context.connection).all(of: media.id))
            let made = try result.made + [result.ofTracks?(tracks)].compactMap(\.self)
            var order = CommitVariants.Order()
            order.made = try made.map { made in
                .init(
                    variant: made.variant, file: try storage.stage(madeFile: made.path, as: context.stagingName()),
                    isHidden: made.isHidden)
            }
            order.removes = {
                result.replacesAll && !TextTracks.isTrack($0) && !$0.name.hasPrefix(OrderVariant.prefix)
            }
            order.words = result.words.map {
                SearchWords.normal($0, maxBytes: configuration.number(.searchBytes))
            }
            order.isCurrent = { result.ofTracks == nil || TextTracks.all($0) == tracks }
            order.change = { media, sha256 in
                if let details = result.details { media.details = (media.details ?? .object([])).merged(with: details) }
                let shown = result.shown.flatMap { sha256($0.variant.fileName) }
                if result.replacesAll || shown != nil { media.shownSHA256 = shown }
                if result.isReady, media.status == .processing { try media.becomeReady() }
            }
            do {
                try CommitVariants(context: context).run(order, of: media, by: Context.housekeeping)
                break
            } catch is CommitVariants.Outdated where attempt < 10 {
                for made in made.suffix(result.ofTracks == nil ? 0 : 1) { unlink(made.path) }
            }
        }
        // What lies in the store by now is out of the reach of whatever program runs next.
        commits += 1
        try storage.putAside(name, as: "done-\(commits)")
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
            $0.width <= 640 && !$0.isLater && !names.contains($0.name)
        }
        if presets.isEmpty { return [] }
        let order = ImageOrder(
            source: path, mimeType: "image/jpeg", folder: folder, presets: presets, formats: configuration.imageFormats)
        return try ProcessImage.make(order, self).variants
    }

    /// Where a file lies that was made: with what was committed, or not yet.
    func place(of name: String) -> String {
        let new = "\(folder)/\(name)"
        return LocalStorage.hasFile(new) ? new : "\(home)/done-\(commits)/\(name)"
    }
}
