internal import CLinux
internal import Glibc
package import MediaCore
internal import Synchronization

/// A file that arrives piece by piece. Bytes are only ever added to it, by one process at a time.
package final class PartialFile: Sendable {
    /// F_OFD_SETLK, which <fcntl.h> has for GNU sources only.
    private static let setLock: Int32 = 37

    private let handle: FileHandle
    /// How much is noted as durable.
    private let durable = Mutex<Int64>(0)

    init(handle: FileHandle) {
        self.handle = handle
    }

    /// Makes this process the one that adds to it, for as long as the file is open. The kernel holds this even where a lease
    /// was thought to be over (open file description locks, fcntl(2)).
    ///
    /// - Returns: false where another process adds to it.
    package func lock() throws(StorageError) -> Bool {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        if fcntl(handle.descriptor, Self.setLock, &range) == 0 {
            // What others have added by now stays in front.
            guard lseek(handle.descriptor, 0, SEEK_END) >= 0 else { throw .current("seek", handle.path) }
            return true
        }
        guard errno == EAGAIN || errno == EACCES else { throw .current("lock", handle.path) }
        return false
    }

    /// Bytes.
    package func size() throws(StorageError) -> Int64 { try handle.size() }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) { try handle.append(bytes) }

    /// Adds a whole other file, copied in the kernel, or shared where the file system can.
    package func append(_ other: PartialFile) throws(StorageError) {
        try handle.append(0..<other.size(), of: other.handle)
    }

    /// A staged file with some of its bytes, copied in the kernel.
    package func stage(
        _ range: Range<Int64>, in storage: LocalStorage, as name: String
    ) throws(StorageError) -> StagedFile { try storage.stage(range, of: handle, as: name) }

    /// Makes what was added survive a power cut.
    package func sync() throws(StorageError) { try handle.sync() }

    // MARK: What is durable here

    /// Where an upload may go on on another host, what the database notes says nothing of how much of this file was durable when
    /// this host went down. The file itself does, in an attribute.
    private static let durableName = "user.media.durable"

    /// Notes how many bytes `sync()` has made durable.
    ///
    /// - Parameter boot: 16 bytes that name this host's boot.
    package func noteDurable(_ size: Int64, boot: [UInt8]) throws(StorageError) {
        let text = [UInt8]("\(size) \(Hex.encode(boot))".utf8)
        let code = durable.withLock { durable -> Int32 in
            // Another thread has got further meanwhile.
            if size < durable { return 0 }
            guard fsetxattr(handle.descriptor, Self.durableName, text, text.count, 0) == 0 else { return errno }
            durable = size
            return 0
        }
        // Where the file system has no attributes it is taken for 0, and the bytes come from the store again.
        guard code == 0 || code == ENOTSUP else {
            throw StorageError(code: code, operation: "setxattr", path: handle.path)
        }
    }

    /// How many of the file's first bytes are what was written: all where the host has been up since.
    package func durableSize(boot: [UInt8]) throws(StorageError) -> Int64 {
        let size = try size()
        var text = [UInt8](repeating: 0, count: 64)
        let count = fgetxattr(handle.descriptor, Self.durableName, &text, text.count)
        guard count > 0 else { return 0 }
        let words = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")
        guard words.count == 2, let noted = Int64(words[0]) else { return 0 }
        return words[1] == Hex.encode(boot) ? size : min(size, noted)
    }

    /// Starts writing a range to the disk and returns.
    package func startWriting(_ range: Range<Int64>) { handle.startWriting(range) }
}

extension LocalStorage {
    var partials: String { "\(root)/partial" }

    private func partialPath(_ id: MediaID) -> String { "\(partials)/\(id)" }

    /// Makes an empty file for an upload. When it returns, the file survives a power cut.
    package func createPartial(_ id: MediaID) throws(StorageError) -> PartialFile {
        let handle = try FileHandle(partialPath(id), flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        try FileSystem.syncFolder(partials)
        return PartialFile(handle: handle)
    }

    /// - Returns: nil where there is none.
    package func openPartial(_ id: MediaID) throws(StorageError) -> PartialFile? {
        do {
            return PartialFile(
                handle: try FileHandle(partialPath(id), flags: O_RDWR | O_NOFOLLOW))
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }

    /// Makes a file of the first bytes of an upload's, and puts it in its place: nobody who has the other one open takes what
    /// was cut off for what comes instead.
    package func shortenPartial(_ id: MediaID, to size: Int64) throws(StorageError) -> PartialFile {
        let source = try FileHandle(partialPath(id), flags: O_RDONLY | O_NOFOLLOW)
        let path = "\(staging)/\(id)-short"
        _ = try FileSystem.remove(path)
        let handle = try FileHandle(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        do {
            try handle.append(0..<size, of: source)
            try handle.sync()
            _ = try FileSystem.rename(path, partialPath(id))
        } catch {
            unlink(path)
            throw error
        }
        try FileSystem.syncFolder(partials)
        return PartialFile(handle: handle)
    }

    /// A file that nobody sees, and that goes when it is let go.
    package func temporaryPartial(as name: String) throws(StorageError) -> PartialFile {
        let path = "\(staging)/\(name)"
        let handle = try FileHandle(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        unlink(path)
        return PartialFile(handle: handle)
    }

    /// A staged file with the upload's bytes, of which none is copied.
    package func stagePartial(_ id: MediaID, as name: String) throws(StorageError) -> StagedFile {
        let path = "\(staging)/\(name)"
        _ = try FileSystem.link(partialPath(id), path)
        do {
            return try StagedFile(path: path, handle: FileHandle(path, flags: O_RDONLY | O_NOFOLLOW))
        } catch {
            unlink(path)
            throw error
        }
    }

    /// - Returns: whether it was there.
    @discardableResult
    package func removePartial(_ id: MediaID) throws(StorageError) -> Bool {
        try FileSystem.remove(partialPath(id))
    }

    /// The uploads whose files were not written to for `age` seconds.
    package func partialFiles(olderThan age: Int, now: Timestamp) throws(StorageError) -> [MediaID] {
        try FileSystem.names(in: partials).compactMap { MediaID($0) }.filter { id in
            FileSystem.modified(partialPath(id)).map { now.milliseconds / 1000 - $0 > Int64(age) } ?? false
        }
    }
}
