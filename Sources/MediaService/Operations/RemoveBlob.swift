import MediaCore
import MediaDatabase
import MediaStorage

/// Removes contents that nothing refers to any longer.
///
/// That a content isn't needed is known under locks on its rows, and the locks end with the connection, which can be lost
/// without the thread that holds them knowing. So the blob is taken out of the store first in a way that can be undone, and
/// removed once the transaction has ended well.
struct RemoveBlob {
    let context: Context

    /// Runs a transaction that gives up a reference to a content, and removes the content if that was the last one.
    ///
    /// - Parameter body: returns the content's SHA-256, or nil where nothing was given up. May run several times.
    func transaction(_ body: (Connection) throws -> String?) throws {
        let storage = context.environment.storage
        var withdrawn: WithdrawnBlob?
        do {
            try context.connection.transaction { connection in
                // A try before this one has lost its locks, maybe before it took the blob out.
                try withdrawn?.restore()
                withdrawn = nil
                guard let sha256 = try body(connection), try !isNeeded(sha256, connection) else { return }
                withdrawn = try storage.withdraw(sha256)
            }
        } catch {
            // Whether the transaction has happened may be unknown, so `settle` decides once more.
            try withdrawn?.restore()
            throw error
        }
        try withdrawn?.discard()
    }

    /// Ends removals that were begun by a process that crashed, or whose transaction failed.
    func settle() throws {
        for blob in try context.environment.storage.withdrawnBlobs() {
            try context.connection.transaction { connection in
                if try isNeeded(blob.sha256, connection) { try blob.restore() }
            }
            try transaction { _ in blob.sha256 }
            try blob.discard()
        }
    }

    /// Whether a record or an upload has the content; neither can begin to until the transaction ends.
    private func isNeeded(_ sha256: String, _ connection: Connection) throws -> Bool {
        try BlobRepository(connection).existsLocked(sha256: sha256)
            || UploadLedger(connection).hasLocked(sha256: sha256)
    }
}
