import Logging
import MediaCore
import MediaDatabase

/// Has everything made of a file once more: with other presets, or after a failure.
struct ReprocessMedia {
    let context: Context

    /// - Parameter choice: what is to be made from now on; nil: what was.
    /// - Throws: 404; 409 where the record points outside, or is being processed.
    func run(_ id: String, _ choice: String?, _ caller: Caller) throws -> Media {
        let known = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        let plan = PlanProcessing(context: context)
        let wanted = try choice.map { try plan.choice($0) }
        return try context.connection.transaction { connection in
            let records = MediaRepository(connection)
            let found = try records.findForUpdate(known.id)
            try Authorize.check(caller, .replaceFile, on: found, id: id, connection)
            guard let old = found else { throw Problem.mediaNotFound(id) }
            guard old.sha256 != nil else {
                throw Problem(.outside, "The record points to a file outside of this service.")
            }
            let jobs = try JobQueue(connection).jobs(of: old.id)
            guard !jobs.contains(where: { $0.kind == .process && !$0.isEnded }) else {
                throw Problem(.wrongStatus, "The file is being processed.")
            }
            let usual = try plan.choice(nil)
            var new = old
            new.processing = wanted ?? old.processing ?? usual
            guard new.processing != nil, plan.isProcessed(old.mimeType) else {
                throw Problem(.wrongStatus, "Nothing is made of this file.")
            }
            // One that can be had goes on to be had meanwhile.
            if old.status == .failed { try new.reprocess() }
            new.revision += 1
            new.updatedAt = max(context.now(), old.updatedAt)
            try records.updateProcessed(new)
            try context.note(.process, caller.name, from: old, to: new, connection)
            try plan.addJob(new, connection)
            return new
        }
    }
}
