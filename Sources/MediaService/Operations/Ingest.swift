import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Brings checked files into the store, together with what refers to them: all of a request's files or none.
///
/// The order is what makes it safe against a crash between any two steps. A file that is to lie here is placed within the transaction
/// that makes what refers to it, while no other transaction decides on its content; its name in the staging folder stays until that
/// has ended, so what a crash leaves among the blobs has a name there, too. What lies elsewhere is put there before the transaction,
/// and before that named by the ledger. `SettleUploads` removes what is left.
struct Ingest {
    let context: Context

    /// What an upload is told whose traces housekeeping has removed, taking it for abandoned.
    static let overtaken = Problem.unavailable("The upload took too long. Try it again.")

    /// - Parameters:
    ///   - files: each with the id that its upload has.
    ///   - entityType: what the files belong to.
    ///   - prepare: makes, of each file that was placed here, what has to be there when the transaction ends; it may run several times.
    ///   - commit: makes what refers to the contents, in the transaction that counts these references; it may run several
    ///     times. It has the files that are to lie here placed when it holds what others would look for, and nothing that many wait for.
    ///   - isCommitted: looks whether that happened, where the commit's answer was lost.
    /// - Throws: what went wrong; nothing is left of the request then.
    func run(
        _ files: [(id: MediaID, file: CheckedFile)], entityType: String? = nil,
        prepare: @escaping (MediaID, CheckedFile) throws -> Void = { _, _ in },
        commit: (_ place: () throws -> Void, Connection) throws -> Void, isCommitted: () throws -> Bool
    ) throws {
        let placing = PlaceBlob(context: context)
        // In one order everywhere, so that two uploads of the same contents don't wait for each other in a circle.
        let planned = try files.sorted { $0.file.sha256 < $1.file.sha256 }.map { id, file in
            let plan =
                try file.place.map { PlaceBlob.Plan(place: $0, isPut: true) }
                ?? placing.plan(
                    file.sha256, file.file.staged.size, file.type.mediaType, entityType: entityType,
                    staysHere: file.infection != nil)
            return (id: id, file: file, plan: plan)
        }
        let (here, elsewhere) = (planned.filter(\.plan.place.isLocal), planned.filter { !$0.plan.place.isLocal })
        let entries = elsewhere.map {
            UploadLedger.Entry(mediaID: $0.id, sha256: $0.file.sha256, place: $0.plan.place)
        }
        if !entries.isEmpty { try note(entries) }
        var placed: [CheckedFile] = []
        do {
            for (_, file, plan) in elsewhere { try put(file, plan) }
            try context.connection.transaction { connection in
                // Blobs before turns, as for a removal.
                for (_, file, plan) in planned {
                    try placing.reference(file.sha256, file.file.staged.size, plan, connection)
                }
                for entry in entries {
                    // Housekeeping has taken this upload for abandoned and may have removed its content.
                    guard try UploadLedger(connection).remove(entry.mediaID) else { throw Self.overtaken }
                }
                try commit(
                    {
                        placed = here.map(\.file)
                        for (id, file, plan) in here {
                            try Turns(connection).take(.content(file.sha256))
                            try put(file, plan)
                            try prepare(id, file)
                        }
                    }, connection)
            }
        } catch let error as MariaDBError where error.code == .outcomeUnknown {
            // Where MariaDB can't be asked now either, the error stands, and what was placed stays named.
            for file in placed { file.file.staged.leave() }
            guard isKnown(isCommitted) else { throw error }
            context.logger.warning("a commit's answer was lost; it had happened", metadata: ["error": "\(error)"])
        } catch {
            for file in placed { SettleUploads(context: context).settleFailed(file) }
            SettleUploads(context: context).settleFailed(entries)
            throw error
        }
        for (_, checked) in files {
            context.environment.metrics.add(.filesStored)
            context.environment.metrics.add(.bytesStored, Int(checked.file.staged.size))
        }
    }

    /// Whether it is known that something has happened.
    private func isKnown(_ hasHappened: () throws -> Bool) -> Bool {
        do {
            return try hasHappened()
        } catch {
            context.logger.warning("it can't be asked whether a commit happened", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func put(_ file: CheckedFile, _ plan: PlaceBlob.Plan) throws {
        guard file.file.staged.isPresent else { throw Self.overtaken }
        try PlaceBlob(context: context).put(file.file.staged, file.sha256, plan)
    }

    private func note(_ entries: [UploadLedger.Entry]) throws {
        let now = context.now()
        try context.connection.transaction { connection in
            let ledger = UploadLedger(connection)
            for entry in entries { try ledger.add(entry, now: now) }
        }
    }
}
