import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Brings checked files into the store, together with what refers to them: all of a request's files or none.
///
/// The order is what makes it safe against a crash between any two steps: the ledger names a content before it is
/// placed; blobs are durable before the transaction that makes what refers to them; whatever a crash leaves behind is
/// named by the ledger and settled by `SettleUploads`.
struct Ingest {
    let context: Context

    /// What an upload is told whose traces housekeeping has removed, taking it for abandoned.
    static let overtaken = Problem.unavailable("The upload took too long. Try it again.")

    /// - Parameters:
    ///   - files: each with the id that its upload has.
    ///   - entityType: what the files belong to.
    ///   - prepare: makes, of each file that lies here, what has to be there when the transaction ends.
    ///   - commit: makes what refers to the contents, in the transaction that counts these references; it may run several
    ///     times.
    ///   - isCommitted: looks whether that happened, where the commit's answer was lost.
    /// - Throws: what went wrong; nothing is left of the request then.
    func run(
        _ files: [(id: MediaID, file: CheckedFile)], entityType: String? = nil,
        prepare: (Int) throws -> Void = { _ in },
        commit: (Connection) throws -> Void, isCommitted: () throws -> Bool
    ) throws {
        let placing = PlaceBlob(context: context)
        let plans = try files.map { _, file in
            try file.place.map { PlaceBlob.Plan(place: $0, isPut: true) }
                ?? placing.plan(
                    file.sha256, file.file.staged.size, file.type.mediaType, entityType: entityType,
                    staysHere: file.infection != nil)
        }
        let entries = zip(files, plans).map {
            UploadLedger.Entry(mediaID: $0.id, sha256: $0.file.sha256, place: $1.place)
        }
        try note(entries)
        do {
            for (index, (_, checked)) in files.enumerated() {
                guard checked.file.staged.isPresent else { throw Self.overtaken }
                try placing.put(checked.file.staged, checked.sha256, plans[index])
                // Of what lies elsewhere there are no links.
                if plans[index].place.isLocal { try prepare(index) }
            }
            try context.connection.transaction { connection in
                // In one order everywhere, so that two uploads of the same contents don't wait for each other in a circle.
                for (checked, plan) in zip(files.map(\.file), plans).sorted(by: { $0.0.sha256 < $1.0.sha256 }) {
                    try placing.reference(checked.sha256, checked.file.staged.size, plan, connection)
                }
                for entry in entries {
                    // Housekeeping has taken this upload for abandoned and may have removed its content.
                    guard try UploadLedger(connection).remove(entry.mediaID) else { throw Self.overtaken }
                }
                try commit(connection)
            }
        } catch let error as MariaDBError where error.code == .outcomeUnknown {
            // Where MariaDB can't be asked now either, the error stands and the ledger keeps the upload's place.
            guard try isCommitted() else { throw error }
            context.logger.warning("a commit's answer was lost; it had happened", metadata: ["error": "\(error)"])
        } catch {
            SettleUploads(context: context).settleFailed(entries)
            throw error
        }
        for (_, checked) in files {
            context.environment.metrics.add(.filesStored)
            context.environment.metrics.add(.bytesStored, Int(checked.file.staged.size))
        }
    }

    private func note(_ entries: [UploadLedger.Entry]) throws {
        let now = context.now()
        try context.connection.transaction { connection in
            let ledger = UploadLedger(connection)
            // In the order that removals have, too.
            for entry in entries.sorted(by: { $0.sha256 < $1.sha256 }) { try ledger.add(entry, now: now) }
        }
    }
}
