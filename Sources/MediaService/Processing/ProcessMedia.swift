import Logging
import MediaCore
import MediaDatabase
import MediaProcessing
import MediaStorage

/// Makes of a record's file what it is shown with. A record that has another file by now, or is deleted, is nobody's work any longer.
struct ProcessMedia: JobHandler {
    func run(_ running: RunningJob, _ context: Context) throws {
        guard let media = try MediaRepository(context.connection).find(running.job.subject),
            media.isSubject(of: running.job), media.status != .deleted
        else { return }
        do {
            let workplace = try Workplace(
                media, running, context, steps: Self.steps(media.type, context.environment.configuration))
            defer { workplace.remove() }
            switch media.type {
            case .image: try ProcessImage(workplace: workplace).run(running.job.payload["preset"]?.string)
            case .video: try ProcessVideo(workplace: workplace).run()
            case .audio: try ProcessAudio(workplace: workplace).run()
            case .document: try ProcessDocument(workplace: workplace).run()
            case .other: try workplace.commit(.init(isReady: true))
            }
        } catch is CommitVariants.Superseded {
            return
        } catch let failure as ToolFailure {
            throw Self.stop(failure)
        }
    }

    private static func steps(_ type: MediaType, _ configuration: Configuration) -> [String] {
        switch type {
        case .video: ProcessVideo.steps(configuration)
        case .audio: ProcessAudio.steps
        case .document: ProcessDocument.steps
        case .image, .other: ["make"]
        }
    }

    /// A program that has refused a file does so again; one that was ended may have been so by accident.
    private static func stop(_ failure: ToolFailure) -> JobStop {
        switch failure.kind {
        // EX_DATAERR: what it says is about the file.
        case .exit(65): .failed(failure.lastLines)
        // EX_SOFTWARE: its own failure, such as a file that can't be written.
        case .exit(70): .later(failure.description)
        case .exit, .timeout, .output: .failed(failure.description)
        case .notStarted, .signal: .later(failure.description)
        }
    }

    func giveUp(_ job: Job, _ reason: String, _ context: Context) throws {
        let isChanged = try context.connection.transaction { connection in
            let records = MediaRepository(connection)
            guard let old = try records.findForUpdate(job.subject), old.isSubject(of: job), old.status == .processing
            else { return false }
            var new = old
            if old.type == .document {
                // It can be had as it is.
                let problem = JSON.object([.init("problem", .string(TextRules.prefix(reason, 500)))])
                new.details = (old.details ?? .object([])).merged(with: problem)
                try new.becomeReady()
            } else {
                try new.fail(reason)
            }
            new.revision += 1
            new.updatedAt = max(context.now(), old.updatedAt)
            try records.updateProcessed(new)
            try context.note(.process, Context.housekeeping, from: old, to: new, connection)
            return true
        }
        if isChanged { try SettlePublications(context: context).settle(job.subject) }
    }

    func revive(_ job: Job, _ connection: Connection) throws {
        let records = MediaRepository(connection)
        guard var media = try records.findForUpdate(job.subject), media.isSubject(of: job), media.status == .failed
        else { return }
        try media.reprocess()
        media.revision += 1
        try records.updateProcessed(media)
    }
}

extension Media {
    /// Whether a job is about the file that the record has.
    fileprivate func isSubject(of job: Job) -> Bool { sha256 != nil && job.payload["version"]?.integer == version }
}
