internal import Glibc
package import MediaCore

/// Files below one folder of the local file system.
///
/// ```
/// incoming/                     bodies that nginx is receiving
/// partial/<upload id>           files that arrive piece by piece
/// staging/<name>                files that have arrived whole
/// objects/ab/cd/<sha256>        blobs, each content once, never changed
/// public/<media id>/<name>      hard links to the blobs of public records
/// work/<attempt at a job>/      where programs work on a file
/// cache/                        what nginx keeps of stores elsewhere
/// ```
///
/// All five are on one file system, since files move between them by link.
package struct LocalStorage: Sendable {
    /// As the column `store` names the one that the service works in.
    package static let name = "local"

    package let name: String
    package let root: String
    private let syncedFolders = SyncedFolders()

    /// - Parameter root: an absolute path.
    package init(root: String, name: String = LocalStorage.name) {
        self.root = root
        self.name = name
    }

    /// Makes the folders. Workers do it too: whichever process comes first.
    package func prepare() throws(StorageError) {
        for folder in [root, incoming, partials, staging, objects, published, work] {
            _ = try FileSystem.createFolder(folder)
        }
        for prefix in 0...255 { _ = try FileSystem.createFolder("\(objects)/\(Hex.encode([UInt8(prefix)]))") }
        try FileSystem.syncFolder(objects)
        try FileSystem.syncFolder(root)
    }

    /// How often a file or folder may come or go below whoever works with it.
    static let rivalAttempts = 100

    package var incoming: String { "\(root)/incoming" }
    var staging: String { "\(root)/staging" }
    var objects: String { "\(root)/objects" }
    var published: String { "\(root)/public" }
    package var work: String { "\(root)/work" }

    // MARK: Staging

    /// Takes over a file that lies in `incoming/`: by a second name, so that no byte is copied and nginx can remove its own.
    ///
    /// - Throws: `StorageError` for a file elsewhere, which no request can name unless nginx is set up wrongly.
    package func adopt(incomingFile path: String, as name: String) throws(StorageError) -> StagedFile {
        guard path.hasPrefix(incoming + "/"), !path.contains("/../") else {
            throw StorageError(code: EXDEV, operation: "adopt", path: path)
        }
        let staged = "\(staging)/\(name)"
        _ = try FileSystem.link(path, staged)
        do {
            return try StagedFile(path: staged, handle: FileHandle(staged, flags: O_RDONLY | O_NOFOLLOW))
        } catch {
            unlink(staged)
            throw error
        }
    }

    /// A new staged file with a range of another one's bytes, copied in the kernel.
    package func stage(_ range: Range<Int64>, of source: FileHandle, as name: String) throws(StorageError) -> StagedFile
    {
        try stage(as: name, write: { (handle) throws(StorageError) in try handle.append(range, of: source) })
    }

    /// A new staged file with these bytes.
    package func stage(_ bytes: [UInt8], as name: String) throws(StorageError) -> StagedFile {
        try stage(as: name, write: { (handle) throws(StorageError) in try handle.append(bytes) })
    }

    /// A new staged file with what `body` writes, piece by piece.
    package func stage(
        as name: String, _ body: (_ append: @escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> StagedFile {
        let path = "\(staging)/\(name)"
        let handle = try FileHandle(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        do {
            try body { try handle.append($0) }
            return try StagedFile(path: path, handle: handle)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// A staged file that is a blob's second name, so that no byte is copied.
    package func stage(blob key: BlobKey, as name: String) throws(StorageError) -> StagedFile {
        let path = "\(staging)/\(name)"
        _ = try FileSystem.link("\(objects)/\(key.name)", path)
        do {
            return try StagedFile(path: path, handle: FileHandle(path, flags: O_RDONLY | O_NOFOLLOW))
        } catch {
            unlink(path)
            throw error
        }
    }

    private func stage(
        as name: String, write: (FileHandle) throws(StorageError) -> Void
    ) throws(StorageError) -> StagedFile {
        let path = "\(staging)/\(name)"
        let handle = try FileHandle(path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        do {
            try write(handle)
            return try StagedFile(path: path, handle: handle)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Removes what has not been written to for more than `age` seconds in `incoming/` and `staging/`: whoever put it
    /// there has ended without it.
    ///
    /// - Parameter settle: called with what may have been placed by then, and not be referred to: its SHA-256, and the record that it was to
    ///   be of where its name says so. Returns whether the name may go.
    /// - Returns: how many files went.
    package func removeAbandoned(
        olderThan age: Int, now: Timestamp, settle: (String, MediaID?) -> Bool = { _, _ in true }
    ) throws(StorageError) -> Int {
        // All of them before the first goes: that changes what is known of a file that has two of these names.
        let due =
            try abandoned(in: incoming, olderThan: age, now: now) + abandoned(in: staging, olderThan: age, now: now)
        var count = 0
        var failure: StorageError?
        for (path, isStaged, hasOtherNames) in due {
            do {
                if isStaged, try !isSettled(path, hasOtherNames: hasOtherNames, settle) { continue }
                if try FileSystem.remove(path) { count += 1 }
            } catch {
                // Somebody else was quicker, or one can't be read and must not hold up the others.
                if error.code != ENOENT { failure = failure ?? error }
            }
        }
        if let failure { throw failure }
        return count
    }

    private func abandoned(
        in folder: String, olderThan age: Int, now: Timestamp
    ) throws(StorageError) -> [(path: String, isStaged: Bool, hasOtherNames: Bool)] {
        try FileSystem.names(in: folder).compactMap { name in
            let path = "\(folder)/\(name)"
            // A blob's content has a time of its own, so the last change of its names counts, too.
            guard WithdrawnBlob(storage: self, name: name) == nil, let times = FileSystem.times(path),
                now.milliseconds / 1000 - max(times.modified, times.changed) > Int64(age)
            else { return nil }
            return (path, folder == staging, times.names > 1)
        }
    }

    private func isSettled(
        _ path: String, hasOtherNames: Bool, _ settle: (String, MediaID?) -> Bool
    ) throws(StorageError) -> Bool {
        // Of one that says its record the content may have lain there before: then it has no other name itself.
        guard hasOtherNames || StagedFile.record(path: path) != nil else { return true }
        let file = try StagedFile(path: path, handle: FileHandle(path, flags: O_RDONLY | O_NOFOLLOW))
        file.leave()
        return settle(try file.digest().sha256, file.record)
    }

    // MARK: Blobs

    /// Where a blob lies below `objects/`: `ab/cd/<sha256>`.
    package static func objectName(_ sha256: String) -> String {
        let hash = sha256.utf8.span
        let slash = UInt8(ascii: "/")
        return String(unsafeUninitializedCapacity: hash.count + 6) { name in
            for index in 0..<2 {
                name[index] = hash[index]
                name[index + 3] = hash[index + 2]
            }
            (name[2], name[5]) = (slash, slash)
            for index in hash.indices { name[index + 6] = hash[index] }
            return hash.count + 6
        }
    }

    func objectPath(_ sha256: String) -> String { "\(objects)/\(Self.objectName(sha256))" }

    /// Gives a staged file, hashed and synced, its place among the blobs. When it returns, the blob survives a power cut.
    ///
    /// A blob that is there stays: it has the same content.
    ///
    /// - Returns: whether it wasn't there before.
    @discardableResult
    package func place(_ file: StagedFile, sha256: String) throws(StorageError) -> Bool {
        try place(file, BlobKey(sha256: sha256))
    }

    @discardableResult
    func place(_ file: StagedFile, _ key: BlobKey) throws(StorageError) -> Bool {
        let path = "\(objects)/\(key.name)"
        let folder = try syncedFolders.ensure(for: key.sha256, in: objects)
        _ = chmod(file.path, 0o640)
        let isNew = try add(file, at: path, tag: key.sha256)
        try FileSystem.syncFolder(folder)
        return isNew
    }

    /// Puts a file in the place of a blob whose bytes have changed. Links to that one have to be made anew.
    package func replace(_ file: StagedFile, _ key: BlobKey) throws(StorageError) {
        let copy = try stage(0..<file.size, of: file.handle, as: "mended-\(UInt64.random(in: 0 ... .max))")
        try copy.handle.sync()
        _ = chmod(copy.path, 0o640)
        try setTag(copy.path, key.sha256)
        let folder = try syncedFolders.ensure(for: key.sha256, in: objects)
        _ = try FileSystem.rename(copy.path, "\(objects)/\(key.name)")
        try FileSystem.syncFolder(folder)
    }

    /// - Returns: false where there is a file already.
    private func add(_ file: StagedFile, at path: String, tag sha256: String) throws(StorageError) -> Bool {
        for _ in 1...Self.rivalAttempts {
            if try link(file, at: path, tag: sha256) { return true }
            // Another host may have taken it out in between.
            guard let found = FileSystem.identity(path) else { continue }
            guard found.size == file.size else {
                throw StorageError(code: EIO, operation: "a blob of another size lies at", path: path)
            }
            return false
        }
        throw StorageError(code: EBUSY, operation: "link", path: path)
    }

    private func link(_ file: StagedFile, at path: String, tag sha256: String) throws(StorageError) -> Bool {
        do {
            guard try FileSystem.link(file.path, path) else { return false }
            try setTag(file.path, sha256)
            return true
        } catch {
            guard error.code == EXDEV else { throw error }
        }
        // A file of another store.
        let copy = try stage(0..<file.size, of: file.handle, as: "copy-\(UInt64.random(in: 0 ... .max))")
        try copy.handle.sync()
        try setTag(copy.path, sha256)
        return try FileSystem.link(copy.path, path)
    }

    /// Gives a blob a time of modification that follows from its content, from 2004 to 2021: nginx makes a file's entity tag of its
    /// size and that, in seconds, and the tag has to be the content's alone (RFC 9110 §8.8.3). A moment that is past, so that names of it that a crash leaves are
    /// taken for abandoned.
    private func setTag(_ path: String, _ sha256: String) throws(StorageError) {
        let bits = Hex.decode(sha256.prefix(8))?.reduce(0) { $0 << 8 | Int($1) } ?? 0
        let moment = timespec(tv_sec: 0x4000_0000 | (bits & 0x1FFF_FFFF), tv_nsec: 0)
        guard utimensat(AT_FDCWD, path, [moment, moment], 0) == 0 else { throw .current("utimensat", path) }
    }

    /// Takes a blob out of the store, so that it can still be put back: until `WithdrawnBlob.discard()` it lies in the
    /// staging folder under a name that says what it is.
    ///
    /// - Returns: nil where there is no such blob.
    package func withdraw(_ sha256: String) throws(StorageError) -> WithdrawnBlob? {
        let blob = WithdrawnBlob(storage: self, sha256: sha256)
        return try FileSystem.rename(objectPath(sha256), blob.path) ? blob : nil
    }

    /// What `withdraw` left in the staging folder when its process ended before it had decided.
    package func withdrawnBlobs() throws(StorageError) -> [WithdrawnBlob] {
        try FileSystem.names(in: staging).compactMap { WithdrawnBlob(storage: self, name: $0) }
    }

    package func hasBlob(_ sha256: String) -> Bool { FileSystem.exists(objectPath(sha256)) }

    // MARK: State

    /// A small file that isn't the store's.
    ///
    /// - Parameter limit: bytes.
    package static func bytes(ofFile path: String, limit: Int) throws(StorageError) -> [UInt8] {
        try FileHandle(path, flags: O_RDONLY).read(at: 0, count: limit)
    }

    /// Bytes that are free on the store's file system.
    package func freeBytes() throws(StorageError) -> Int64 {
        var status = statvfs()
        guard statvfs(root, &status) == 0 else { throw .current("statvfs", root) }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    /// Writes and removes a small file, as the test of whether the store takes any.
    package func checkWritable() throws(StorageError) {
        let path = "\(staging)/check-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let handle = try FileHandle(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        defer { unlink(path) }
        guard write(handle.descriptor, "x", 1) == 1 else { throw .current("write", path) }
    }

    /// Takes a small file the way that an upload's goes, from `incoming/` through `staging/` and `objects/` to `public/`, and
    /// removes it again.
    package func checkTakesFiles() throws(StorageError) {
        let name = "check-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let paths = [incoming, staging, objects, published].map { "\($0)/\(name)" }
        defer { for path in paths { unlink(path) } }
        let handle = try FileHandle(paths[0], flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        guard write(handle.descriptor, "x", 1) == 1 else { throw .current("write", paths[0]) }
        try handle.sync()
        for (old, new) in zip(paths, paths.dropFirst()) { _ = try FileSystem.link(old, new) }
    }
}
