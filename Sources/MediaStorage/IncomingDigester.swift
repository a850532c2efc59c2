internal import CLinux
internal import Crypto
internal import Glibc

/// Hashes large bodies while nginx is still receiving them, so that a worker that gets one needs to read only its end.
///
/// A worker hears of an upload when its body is complete; for a body of a gigabyte, hashing from there on takes as long
/// again as receiving it. This follows the files that grow in `incoming/` and `partial/`, one thread for all of them, has them written to
/// the disk meanwhile, and answers workers that ask for a file's hash. Whoever writes such a file only ever appends to it. Where it
/// isn't running, or doesn't know a file, workers hash by themselves.
///
/// The protocol: a worker connects to `digest.sock` in the run folder, sends the file's inode and size (two little-endian
/// 64-bit numbers) and reads 32 bytes, the SHA-256, or nothing.
package final class IncomingDigester {
    /// Bytes; smaller files are hashed in less time than it takes to ask.
    static let minSize: Int64 = 8 << 20

    /// Files that are followed at the same time; others are hashed by who needs it.
    private static let maxFiles = 512

    private struct Followed {
        let handle: FileHandle
        var digest = SHA256()
        var offset: Int64 = 0
    }

    private let storage: LocalStorage
    private let listener: Int32
    private let path: String
    /// By inode; a file's handle is kept open, so its inode can't become another file's.
    private var files: [UInt64: Followed] = [:]
    /// Inodes that were asked for and whose names nginx has yet to remove.
    private var answered: Set<UInt64> = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    /// When all folders were looked at last.
    private var lastLook: ContinuousClock.Instant?

    /// - Parameter runFolder: where the socket is made; one digester at a time has it.
    package init(_ storage: LocalStorage, runFolder: String) throws(StorageError) {
        self.storage = storage
        path = Self.socketPath(runFolder)
        listener = try UnixSocket.listen(at: path)
    }

    deinit {
        close(listener)
        unlink(path)
    }

    /// Whether a process hashes ahead on this host.
    package static func isRunning(runFolder: String) -> Bool { UnixSocket.isServed(socketPath(runFolder)) }

    static func socketPath(_ runFolder: String) -> String { "\(runFolder)/digest.sock" }

    /// Follows files and answers for up to `milliseconds`.
    package func work(milliseconds: Int) {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        repeat {
            follow()
            var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            // While something grows, a pause that at 1 GB/s leaves 5 MB to be hashed.
            if poll(&entry, 1, files.isEmpty ? 50 : 5) == 1 { answer() }
        } while .now < end
    }

    /// Takes up new files, hashes what has been added to the known ones, and drops those that are gone.
    private func follow() {
        let isRare = lastLook.map { $0.duration(to: .now) < .seconds(1) } ?? false
        if !isRare { lastLook = .now }
        // Many uploads may lie in `partial/` on which nobody works.
        let folders = isRare ? [storage.incoming] : [storage.incoming, storage.partials]
        let paths = folders.flatMap { folder in ((try? FileSystem.names(in: folder)) ?? []).map { "\(folder)/\($0)" } }
        var present: Set<UInt64> = []
        for path in paths {
            guard let (inode, size) = FileSystem.identity(path) else { continue }
            present.insert(inode)
            guard size >= Self.minSize, files.count < Self.maxFiles, files[inode] == nil, !answered.contains(inode),
                let handle = try? FileHandle(path, flags: O_RDONLY | O_NOFOLLOW), handle.inode == inode
            else { continue }
            files[inode] = Followed(handle: handle)
        }
        // nginx removes its name when the request ends; the blob keeps the file, but nobody will ask for it again.
        if !isRare {
            files = files.filter { present.contains($0.key) }
            answered.formIntersection(present)
        }
        for inode in files.keys { advance(inode, to: nil) }
    }

    /// Hashes on, up to `size` or as far as the file goes. A file that can't be read is followed no longer.
    private func advance(_ inode: UInt64, to size: Int64?) {
        guard var file = files[inode], let available = try? file.handle.size() else { return }
        // Taken out meanwhile: the copy in the dictionary would keep the hash's state from being changed in place.
        files[inode] = nil
        let end = min(size ?? available, available)
        let start = file.offset
        while file.offset < end {
            let count = Int(min(Int64(buffer.count), end - file.offset))
            guard let read = try? file.handle.read(at: file.offset, into: &buffer), read >= count else { return }
            buffer.withUnsafeBytes { file.digest.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            file.offset += Int64(count)
        }
        if end > start { file.handle.startWriting(start..<end) }
        files[inode] = file
    }

    private func answer() {
        let connection = accept4(listener, nil, nil, media_sock_cloexec)
        guard connection >= 0 else { return }
        defer { close(connection) }
        UnixSocket.limitWaiting(connection, seconds: 1)
        var question: [UInt64] = [0, 0]
        let length = question.withUnsafeMutableBytes {
            recv(connection, $0.baseAddress, $0.count, Int32(MSG_WAITALL))
        }
        guard length == 16, let size = Int64(exactly: UInt64(littleEndian: question[1])) else { return }
        let inode = UInt64(littleEndian: question[0])
        // A small one may have come and be complete since the last look.
        if files[inode] == nil { follow() }
        advance(inode, to: size)
        guard let file = files.removeValue(forKey: inode), file.offset == size else { return }
        answered.insert(inode)
        let digest = Array(file.digest.finalize())
        _ = digest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
