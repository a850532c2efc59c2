import MediaCore
import MediaDatabase
import MediaStorage

/// Removes contents from the store that the service works in, when nothing refers to them there any longer. What lies elsewhere is
/// `RemoveElsewhere`'s.
///
/// That a content isn't needed is known under locks on its rows, and the locks end with the connection, which can be lost
/// without the thread that holds them knowing. So the blob is taken out of the store first in a way that can be undone, and
/// removed once the transaction has ended well.
struct RemoveBlob {
    let context: Context

    /// Runs a transaction that gives up references to contents, and removes those contents that nothing else has.
    ///
    /// - Parameter body: returns the contents' SHA-256. May run several times.
    func transaction(_ body: (Connection) throws -> Set<String>) throws {
        let storage = context.environment.storage
        var withdrawn: [WithdrawnBlob] = []
        do {
            try context.connection.transaction { connection in
                // A try before this one has lost its locks, maybe before it took the blobs out.
                for blob in withdrawn { try blob.restore() }
                withdrawn = []
                // In one order everywhere, as uploads lock them.
                for sha256 in try body(connection).sorted() where try !isNeeded(sha256, connection) {
                    if let blob = try storage.withdraw(sha256) { withdrawn.append(blob) }
                }
            }
        } catch {
            // Whether the transaction has happened may be unknown, so `settle` decides once more.
            for blob in withdrawn { try blob.restore() }
            throw error
        }
        for blob in withdrawn { try blob.discard() }
    }

    /// Ends removals that were begun by a process that crashed, or whose transaction failed.
    func settle() throws {
        for blob in try context.environment.storage.withdrawnBlobs() {
            try context.connection.transaction { connection in
                if try isNeeded(blob.sha256, connection) { try blob.restore() }
            }
            try transaction { _ in [blob.sha256] }
            try blob.discard()
        }
    }

    /// Whether a record or an upload has the content here now.
    func isNeeded(_ sha256: String) throws -> Bool {
        try context.connection.transaction { try isNeeded(sha256, $0) }
    }

    /// Whether a record or an upload has the content here; neither can begin to until the transaction ends.
    private func isNeeded(_ sha256: String, _ connection: Connection) throws -> Bool {
        let found = try BlobRepository(connection).findForUpdate(sha256)
        try Turns(connection).take(.content(sha256))
        if found?.place.isLocal == true || found?.replica?.isLocal == true { return true }
        return try UploadLedger(connection).placesLocked(sha256).contains(.local)
    }
}
