import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// Fetches a file from a URL into an upload, and makes a record of it. What has come before a break stays.
struct ImportFile: JobHandler {
    /// Bytes after which the disk is told to write, and asked whether there is room.
    private static let stretch: Int64 = 16 << 20
    /// Bytes that make an attempt one that has come further: of a large file over a bad link many do.
    private static let progress: Int64 = 64 << 10

    func run(_ running: RunningJob, _ context: Context) throws {
        let uploads = ResumableUploads(context: context)
        try uploads.requireFile(running.job.subject)
        var hold = try uploads.hold(running.job.subject)
        defer { uploads.release(hold.upload) }
        guard !hold.entry.isEnded else { return }
        if !hold.entry.isComplete { try fetch(&hold, running, context) }
        try FinishUpload(context: context).run(&hold)
    }

    func giveUp(_ job: Job, _ reason: String, _ context: Context) throws {
        let uploads = ResumableUploads(context: context)
        guard try ResumableUploadRepository(context.connection).find(job.subject) != nil else { return }
        var hold = try uploads.hold(job.subject)
        defer { uploads.release(hold.upload) }
        guard !hold.entry.isEnded else { return }
        try FinishUpload(context: context).fail(&hold, Problem(.importFailed, reason))
    }

    func revive(_ job: Job, _ connection: Connection) throws {
        // Of a failed one the bytes are gone.
        try ResumableUploadRepository(connection).revive(job.subject)
        try JobQueue(connection).setPayload(job.id, job.payload.merged(with: .object([.init("validator", .null)])))
    }

    // MARK: Fetching

    private func fetch(_ hold: inout ResumableUploads.Hold, _ running: RunningJob, _ context: Context) throws {
        let start = hold.entry.position
        let begin = ContinuousClock.now
        let validator = running.job.payload["validator"]?.string
        // Nobody could tell whether what comes is the rest of what is here.
        if validator == nil { try restart(&hold, context) }
        let transfer = Transfer(hold: hold, running: running, context: context)
        var request = HTTPClient.Request("GET", running.job.payload["url"]?.string ?? "")
        if let validator, hold.entry.position > 0 {
            request.fields = [.init("Range", "bytes=\(hold.entry.position)-"), .init("If-Range", validator)]
        }
        let outcome = Result {
            try client(context).send(request, onHead: transfer.take(head:), sink: transfer.take(bytes:))
        }
        hold = transfer.hold
        if case .success = outcome, transfer.isBody, hold.entry.length == nil {
            try setLength(hold.upload.position, &hold, context)
        }
        if let file = hold.file, transfer.isBody {
            try ReceiveUpload(context: context).settle(file, &hold)
        }
        do {
            _ = try outcome.get()
        } catch let failure as HTTPClient.Failure {
            // A server that keeps a thread busy has to bring something for it.
            let seconds = Int64(begin.duration(to: .now) / .seconds(1))
            throw Self.stop(failure, isFurther: hold.entry.position >= start + Self.progress * max(1, seconds / 4))
        }
        guard hold.entry.isComplete else { throw JobStop.later("The file's server sent less than it had announced.") }
    }

    private func client(_ context: Context) throws -> HTTPClient {
        let configuration = context.environment.configuration
        let networks = configuration.list(.importNetworks).compactMap { Network($0) }
        var options = HTTPClient.Options()
        options.totalTime = configuration.number(.importTime) * 1000
        options.stallTime = configuration.number(.importStall)
        options.connectTime = min(10, configuration.number(.importStall)) * 1000
        options.redirects = 5
        // Asked for each address that a connection is to be made to, so no name can lead elsewhere in between.
        let own = try HostAddresses.all()
        options.allows = { address in
            networks.contains { $0.contains(address) } || (PublicAddress.contains(address) && !own.contains(address))
        }
        return try HTTPClient(options)
    }

    private static func stop(_ failure: HTTPClient.Failure, isFurther: Bool) -> JobStop {
        switch failure.kind {
        case .forbiddenAddress, .request: .failed("The URL can't be fetched: \(failure.description).")
        case .timeout, .unreachable, .tls, .broken:
            .later("The file's server: \(failure.description).", isFurther: isFurther)
        }
    }

    private func setLength(_ length: Int64, _ hold: inout ResumableUploads.Hold, _ context: Context) throws {
        guard length > 0 else { throw JobStop.failed("The file is empty.") }
        try ReceiveUpload(context: context).take(length, &hold)
    }

    fileprivate func restart(_ hold: inout ResumableUploads.Hold, _ context: Context) throws {
        guard hold.entry.position > 0 || hold.upload.position > 0 else { return }
        let file = try context.environment.storage.shortenPartial(hold.entry.id, to: 0)
        guard try file.lock() else { throw Ingest.overtaken }
        hold.file = file
        hold.upload.file = file
        hold.upload.position = 0
        hold.entry.position = 0
        let (entry, upload) = (hold.entry, hold.upload)
        try context.connection.transaction {
            try ResumableUploadRepository($0).note(entry.id, upload.holder.token, position: 0, boot: ProcessMark.boot)
        }
    }

    /// One answer of the file's server.
    private final class Transfer {
        var hold: ResumableUploads.Hold
        /// Whether what comes is of the file.
        private(set) var isBody = false
        private let running: RunningJob
        private let context: Context

        init(hold: ResumableUploads.Hold, running: RunningJob, context: Context) {
            self.hold = hold
            self.running = running
            self.context = context
        }

        func take(head: HTTPClient.Head) throws {
            let status = head.status
            switch status {
            case 200:
                try ImportFile().restart(&hold, context)
                try begin(head, length: head["content-length"].flatMap { Int64($0) })
            case 206:
                let range = head["content-range"].flatMap(ContentRange.init)
                guard let range, range.start == hold.entry.position else {
                    throw JobStop.later("The file's server answered with another range than was asked for.")
                }
                try begin(head, length: range.total)
            case 416 where hold.entry.position > 0:
                // What is here is more than there is: another file, or a server that makes mistakes.
                try ImportFile().restart(&hold, context)
                try note(nil)
                throw JobStop.later("The file has changed meanwhile.")
            case 408, 425, 429, 500...599:
                throw JobStop.later("The file's server answers \(status).", seconds: head.retryAfter ?? 0)
            default: throw JobStop.failed("The file's server answers \(status).")
            }
            // A thread's connection is of no use while it waits for others.
            context.connection.close()
        }

        private func begin(_ head: HTTPClient.Head, length: Int64?) throws {
            if let encoding = head["content-encoding"], encoding.lowercased() != "identity" {
                throw JobStop.failed("The file's server sends it encoded (\(encoding.prefix(50))).")
            }
            if let length {
                guard length > 0 else { throw JobStop.failed("The file is empty.") }
                if let known = hold.entry.length, known != length {
                    throw JobStop.failed("The file has changed meanwhile.")
                }
                try ReceiveUpload(context: context).take(length, &hold)
            }
            // Before any byte of it: whoever goes on later has to know what they belong to.
            try note(Self.validator(head))
            isBody = true
        }

        private func note(_ validator: String?) throws {
            let payload = running.job.payload.merged(with: .object([.init("validator", JSON(validator))]))
            let isMine = try context.connection.transaction { [running] in
                try JobQueue($0).setPayload(running.job.id, running.holder.token, payload)
            }
            guard isMine else { throw JobStop.interrupted }
        }

        /// What tells one state of a file from another, and can be sent as `If-Range` (RFC 9110 §13.1.5).
        private static func validator(_ head: HTTPClient.Head) -> String? {
            if let tag = head["etag"], tag.hasPrefix("\"") { return tag }
            return head["last-modified"]
        }

        func take(bytes: UnsafeRawBufferPointer) throws {
            guard isBody, let file = hold.file else { return }
            try running.check()
            let upload = hold.upload
            upload.noteBytes()
            guard upload.isLeased, !upload.isWanted else { throw JobStop.interrupted }
            let limit = hold.entry.length ?? Int64(context.environment.configuration.number(.uploadBytes))
            let (before, after) = (upload.position, upload.position + Int64(bytes.count))
            guard after <= limit else {
                throw JobStop.failed("The file has more than \(limit) bytes.")
            }
            try file.append(bytes)
            upload.position = after
            guard before / stretch != after / stretch else { return }
            file.startWriting(before / stretch * stretch..<after)
            try CheckUpload(context: context).requireRoom(0)
            running.report(
                .object([.init("bytes", .integer(after)), .init("of", hold.entry.length.map(JSON.integer) ?? .null)]))
        }

        private var stretch: Int64 { ImportFile.stretch }
    }
}

/// `Content-Range` of a part (RFC 9110 §14.4).
struct ContentRange: Equatable {
    let start: Int64
    /// Of the whole; nil where it isn't said.
    let total: Int64?

    init?(_ text: String) {
        guard text.lowercased().hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst("bytes ".count).split(separator: "/", omittingEmptySubsequences: false)
        let ends = halves.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
        guard halves.count == 2, ends.count == 2, let start = Int64(ends[0]), let end = Int64(ends[1]), start >= 0,
            end >= start
        else { return nil }
        self.start = start
        total = Int64(halves[1])
        guard total != nil || halves[1] == "*" else { return nil }
    }
}
