internal import Glibc
internal import Synchronization

/// The folders of blobs, `ab/cd` below `objects/`, whose names this process knows to be durable.
///
/// That a folder is there doesn't say so: whoever made it may have crashed before its name was synced.
final class SyncedFolders: Sendable {
    /// By the number that the four digits are.
    private let known = Mutex([Bool](repeating: false, count: 1 << 16))

    /// Makes the folder of a blob, if it isn't there, and its name durable.
    ///
    /// - Returns: its path.
    func ensure(for sha256: String, in objects: String) throws(StorageError) -> String {
        let outer = "\(objects)/\(sha256.prefix(2))"
        let folder = "\(outer)/\(sha256.dropFirst(2).prefix(2))"
        guard let number = UInt16(sha256.prefix(4), radix: 16) else {
            throw StorageError(code: EINVAL, operation: "place a blob that no hash names", path: folder)
        }
        if known.withLock({ $0[Int(number)] }) { return folder }
        _ = try FileSystem.createFolder(folder)
        // Those that are beside it become durable with it: a process that begins in a large store waits 256 times and no more.
        let names = try FileSystem.names(in: outer)
        try FileSystem.syncFolder(outer)
        known.withLock { known in
            for name in names where name.utf8.count == 2 {
                if let inner = UInt8(name, radix: 16) { known[Int(number & 0xFF00 | UInt16(inner))] = true }
            }
        }
        return folder
    }
}
