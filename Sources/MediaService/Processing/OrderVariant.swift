import Crypto
import Glibc
import MediaCore
import MediaDatabase
import MediaProcessing
import Synchronization

/// Has a picture made beside those that every picture gets: once, however often and by whomever it is asked for.
struct OrderVariant {
    /// What begins the names of sizes that nobody has named: what is made anew leaves them, since pages name them.
    static let prefix = "x-"
    /// Threads of this process that wait for a picture.
    private static let waiting = Atomic(0)

    let context: Context

    private var configuration: Configuration { context.environment.configuration }

    /// - Parameter form: as a preset's, without its name.
    /// - Returns: the record, the name, and whether it is there.
    /// - Throws: 400; 404; 409 for what is no picture that is READY, or has too many.
    func run(_ form: String, of id: String, _ caller: Caller) throws -> (media: Media, name: String, isMade: Bool) {
        guard let preset = Self.unnamed(form) else {
            throw Problem.invalid("preset", "must be like 640, 640x480, 640x480:cover:smart:q70 or 640x480:pad")
        }
        let known = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        let (media, job) = try add(preset, known.id) { found, connection in
            try Authorize.check(caller, .replaceFile, on: found, id: id, connection)
        }
        return (media, preset.name, job == nil)
    }

    /// The picture of a form, under a name that is the same for the same picture.
    static func unnamed(_ form: String) -> ImagePreset? {
        guard var preset = ImagePreset(name: "x", form: form), !preset.isLater else { return nil }
        preset.name = prefix + Hex.encode(Array(SHA256.hash(data: Array(preset.form.utf8)).prefix(6)))
        return preset
    }

    /// - Parameter check: throws where the record may not be worked on, in the transaction that has locked it.
    /// - Returns: the record, and the job that makes the picture; nil where it is there.
    private func add(
        _ preset: ImagePreset, _ id: MediaID, _ check: (Media?, Connection) throws -> Void
    ) throws -> (media: Media, job: MediaID?) {
        try context.connection.transaction { connection in
            let found = try MediaRepository(connection).findForUpdate(id)
            try check(found, connection)
            guard let media = found else { throw Problem.mediaNotFound(id.rawValue) }
            guard media.status == .ready else { throw Problem.notReady(media.status) }
            guard ImageOrder.readTypes.contains(media.mimeType), media.sha256 != nil else {
                throw Problem(.wrongStatus, "Pictures are made of pictures only.")
            }
            if media.variants.contains(where: { $0.name == preset.name }) { return (media, nil) }
            let order = "\(preset.name)=\(preset.form)"
            let jobs = try JobQueue(connection).jobs(of: media.id).filter {
                $0.payload["version"]?.integer == media.version
            }
            if let job = jobs.first(where: {
                $0.payload["preset"]?.string == order && ($0.state == .failed || !$0.isEnded)
            }) {
                if job.state == .failed { throw Self.failed(job) }
                return (media, job.id)
            }
            try checkCount(media, jobs, adding: preset)
            // Somebody waits for it.
            let job = try PlanProcessing(context: context).addJob(media, preset: order, priority: -50, connection)
            return (media, job)
        }
    }

    private func checkCount(_ media: Media, _ jobs: [Job], adding preset: ImagePreset) throws(Problem) {
        guard preset.name.hasPrefix(Self.prefix) else { return }
        let waiting = jobs.filter { !$0.isEnded }.compactMap { $0.payload["preset"]?.string?.prefix { $0 != "=" } }
        let names = Set((media.variants.map(\.name) + waiting.map(String.init)).filter { $0.hasPrefix(Self.prefix) })
        let limit = configuration.number(.imageOrders)
        if names.count < limit { return }
        throw Problem(.wrongStatus, "The picture has \(names.count) sizes of its own; \(limit) are the limit.")
    }

    private static func failed(_ job: Job) -> Problem {
        Problem(.wrongStatus, "The picture can't be made: \(job.failure ?? "its job has failed").")
    }

    // MARK: At the first request

    /// The picture that a name stands for which nothing of the file has: one of the settings, or a form that a signature covers.
    ///
    /// - Parameter isSigned: whether a signed link says this name.
    func wanted(_ name: String, of media: Media, isSigned: Bool) -> ImagePreset? {
        guard configuration.number(.imageWait) > 0, ImageOrder.readTypes.contains(media.mimeType) else { return nil }
        let presets = configuration.imagePresets(of: media.processing ?? "") ?? []
        return presets.first { $0.name == name } ?? (isSigned ? Self.unnamed(name) : nil)
    }

    /// Has it made, and waits until it is there.
    ///
    /// - Throws: 409 where it can't be made; 503 where that takes longer than a request waits.
    func make(_ preset: ImagePreset, of id: MediaID) throws {
        guard let job = try add(preset, id, { _, _ in }).job else { return }
        defer { Self.waiting.subtract(1, ordering: .relaxed) }
        let others = Self.waiting.add(1, ordering: .relaxed).oldValue
        let end = ContinuousClock.now + .seconds(configuration.number(.imageWait))
        // The others answer requests meanwhile.
        while others < max(1, configuration.number(.apiThreads) / 2), ContinuousClock.now < end {
            guard let found = try JobQueue(context.connection).find(job) else { return }
            if found.state == .failed { throw Self.failed(found) }
            if found.isEnded { return }
            usleep(20_000)
        }
        throw Problem.unavailable("The picture is being made.", retryAfter: 1)
    }
}
