import MediaCore
import MediaDatabase
import MediaStorage

/// Reads a file that its sender has put into a store, and makes a record of it if it is what was said of it.
struct VerifyDirect: JobHandler {
    func run(_ running: RunningJob, _ context: Context) throws {
        let uploads = ResumableUploads(context: context)
        try uploads.requireFile(running.job.subject)
        var hold = try uploads.hold(running.job.subject)
        defer { uploads.release(hold.upload) }
        guard !hold.entry.isEnded, let target = DirectUploads.Target(hold.entry), let size = hold.entry.length else {
            return
        }
        try CheckUpload(context: context).requireRoom(size - hold.entry.position)
        let storage = try context.environment.stores.storage(target.place.store)
        if let file = hold.file, !hold.entry.isComplete {
            let upload = hold.upload
            let outcome = Result {
                try storage.read(target.key, upload.position..<size) { bytes in
                    try running.check()
                    guard upload.isLeased, !upload.isWanted else { throw JobStop.interrupted }
                    try file.append(bytes)
                    upload.position += Int64(bytes.count)
                    running.report(.object([.init("bytes", .integer(upload.position)), .init("of", .integer(size))]))
                }
            }
            try ReceiveUpload(context: context).settle(file, &hold)
            do {
                try outcome.get()
            } catch let error as any StorageFailure where error.isAbsent {
                throw JobStop.failed("The file is no longer in the store.")
            }
        }
        try FinishUpload(context: context).run(&hold)
    }

    func giveUp(_ job: Job, _ reason: String, _ context: Context) throws {
        try ImportFile().giveUp(job, reason, context)
    }

    func revive(_ job: Job, _ connection: Connection) throws {
        try ResumableUploadRepository(connection).revive(job.subject)
    }
}
