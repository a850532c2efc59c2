import MediaCore
import MediaDatabase
import MediaProcessing

/// Of which files something is made, and the jobs that do it.
struct PlanProcessing {
    let context: Context

    private var configuration: Configuration { context.environment.configuration }

    /// What an upload wants to have made of its files: `default` or a profile's name; nil: nothing.
    ///
    /// - Throws: 400 for a profile that there isn't.
    func choice(_ asked: String?) throws(Problem) -> String? {
        let name = asked ?? ProcessingChoice.default
        if name == ProcessingChoice.none { return nil }
        let known = configuration.profiles.map(\.name)
        guard name == ProcessingChoice.default || known.contains(name) else {
            let names = [ProcessingChoice.none, ProcessingChoice.default] + known
            throw .invalid("processing", "there is no profile '\(name)'; known: \(names.joined(separator: ", "))")
        }
        return configuration.text(.processing) == "on" ? name : nil
    }

    /// Whether anything can be made of a file.
    func isProcessed(_ mimeType: String) -> Bool {
        switch FileType.stored(as: mimeType)?.mediaType {
        case .image: ImageOrder.readTypes.contains(mimeType)
        case .video: true
        // Notes, and no sound.
        case .audio: mimeType != "audio/midi"
        case .document: mimeType == "application/pdf" || Self.officeTypes.contains(mimeType)
        case .other, nil: false
        }
    }

    private static let officeTypes: Set<String> = [
        "text/rtf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
    ]

    /// Where a new file's record stands.
    func status(_ mimeType: String, _ choice: String?) -> MediaStatus {
        choice != nil && isProcessed(mimeType) ? .processing : .ready
    }

    /// Has a record's file processed where that is still to be done, in the transaction that makes it so.
    func add(_ media: Media, _ connection: Connection) throws(MariaDBError) {
        guard media.sha256 != nil, media.status == .processing || isHalfMade(media) else { return }
        try addJob(media, connection)
    }

    /// A film is READY with its first rendition, and may have been deleted before the last one.
    private func isHalfMade(_ media: Media) -> Bool {
        func has(_ name: String) -> Bool { media.variants.contains { $0.name == name } }
        return media.status == .ready && media.type == .video && has("hls") && !has("video")
    }

    /// - Parameter preset: the one picture that is to be made; nil: everything.
    /// - Returns: the job's id.
    @discardableResult
    func addJob(
        _ media: Media, preset: String? = nil, priority: Int64 = 0, _ connection: Connection
    ) throws(MariaDBError) -> MediaID {
        let now = context.now()
        var job = Job(
            id: MediaID(now: now, using: &context.random), kind: .process, subject: media.id, userID: media.userID,
            payload: .object([.init("version", .integer(media.version)), .init("preset", JSON(preset))]), now: now)
        job.priority = priority
        try JobQueue(connection).add(job)
        return job.id
    }
}
