internal import Synchronization

/// The folders whose names this process knows to be durable.
///
/// That a folder is there doesn't say so: whoever made it may have crashed before its name was synced.
final class SyncedFolders: Sendable {
    private let known = Mutex<Set<String>>([])

    /// Makes a folder, if it isn't there, and its name durable.
    func ensure(_ folder: String, in parent: String) throws(StorageError) {
        if known.withLock({ $0.contains(folder) }) { return }
        _ = try FileSystem.createFolder(folder)
        try FileSystem.syncFolder(parent)
        known.withLock { _ = $0.insert(folder) }
    }
}
