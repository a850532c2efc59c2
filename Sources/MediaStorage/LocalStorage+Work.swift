internal import Glibc
internal import MediaCore

/// Folders where programs work on files: `work/<job id>-<attempt>/`, with the file in `source` and what is made of it in `made/`.
extension LocalStorage {
    /// Makes a folder for an attempt at a job, empty.
    ///
    /// - Returns: its path.
    package func makeWorkFolder(_ job: String) throws(StorageError) -> String {
        let folder = "\(work)/\(job)"
        try removeWorkFolder(job)
        _ = try FileSystem.createFolder(work)
        _ = try FileSystem.createFolder(folder)
        _ = try FileSystem.createFolder("\(folder)/made")
        return folder
    }

    /// Puts what was made aside under another name, and begins anew.
    package func putAside(_ job: String, as name: String) throws(StorageError) {
        let folder = "\(work)/\(job)"
        _ = try FileSystem.rename("\(folder)/made", "\(folder)/\(name)")
        _ = try FileSystem.createFolder("\(folder)/made")
    }

    package func removeWorkFolder(_ job: String) throws(StorageError) { try Self.removeTree("\(work)/\(job)") }

    /// The jobs that have folders.
    package func workFolders() throws(StorageError) -> [String] { try FileSystem.names(in: work) }

    /// Gives a blob that lies here a name in a job's folder.
    package func link(_ key: BlobKey, to path: String) throws(StorageError) {
        _ = try FileSystem.link("\(objects)/\(key.name)", path)
    }

    /// A new file with what `body` writes, piece by piece.
    package func fill(
        _ path: String, _ body: (_ append: @escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let handle = try FileHandle(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        try body { try handle.append($0) }
    }

    /// A staged file that is the second name of one that a program has made. What isn't a plain file is refused: the program may have
    /// been taken over by what it has read.
    package func stage(madeFile path: String, as name: String) throws(StorageError) -> StagedFile {
        var status = stat()
        guard path.hasPrefix(work + "/"), !path.contains("/../"), lstat(path, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1
        else { throw StorageError(code: EINVAL, operation: "adopt", path: path) }
        let staged = "\(staging)/\(name)"
        _ = try FileSystem.link(path, staged)
        do {
            return try StagedFile(path: staged, handle: FileHandle(staged, flags: O_RDONLY | O_NOFOLLOW))
        } catch {
            unlink(staged)
            throw error
        }
    }

    /// Removes a folder with all that is in it, and follows no link out of it.
    private static func removeTree(_ path: String) throws(StorageError) {
        guard FileSystem.isFolder(path) else {
            try FileSystem.remove(path)
            return
        }
        // A program may have taken its own rights away.
        chmod(path, 0o700)
        for name in try FileSystem.names(in: path) { try removeTree("\(path)/\(name)") }
        _ = try FileSystem.removeFolder(path)
    }
}

extension LocalStorage {
    /// Whether there is a file, and no folder or link.
    package static func hasFile(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Bytes; 0 where there is no file.
    package static func fileSize(_ path: String) -> Int64 { FileSystem.identity(path)?.size ?? 0 }

    /// The bytes of a small file that a program has made; no link is followed, and nothing waited for.
    package static func bytes(ofMade path: String, limit: Int) throws(StorageError) -> [UInt8] {
        guard hasFile(path) else { throw StorageError(code: EINVAL, operation: "read", path: path) }
        return try FileHandle(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK).read(at: 0, count: limit)
    }

    /// Reads a file to its end, in pieces of an even length.
    package static func read(_ path: String, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        guard hasFile(path) else { throw StorageError(code: EINVAL, operation: "read", path: path) }
        let handle = try FileHandle(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        var position: Int64 = 0
        while case let bytes = try handle.read(at: position, count: 1 << 16), !bytes.isEmpty {
            try body(bytes[...])
            position += Int64(bytes.count)
        }
    }
}
