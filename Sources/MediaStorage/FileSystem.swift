internal import Glibc

/// The calls on folders and names that a local store is made of.
enum FileSystem {
    /// Creates a folder; false if it was there.
    static func createFolder(_ path: String) throws(StorageError) -> Bool {
        if mkdir(path, 0o750) == 0 { return true }
        guard errno == EEXIST else { throw .current("mkdir", path) }
        return false
    }

    /// Gives a file a second name; false if there is one already.
    static func link(_ existing: String, _ new: String) throws(StorageError) -> Bool {
        if Glibc.link(existing, new) == 0 { return true }
        guard errno == EEXIST else { throw .current("link", new) }
        return false
    }

    /// Removes a name; false if there was none.
    @discardableResult
    static func remove(_ path: String) throws(StorageError) -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw .current("unlink", path) }
        return false
    }

    /// Removes an empty folder; false if there was none.
    static func removeFolder(_ path: String) throws(StorageError) -> Bool {
        if rmdir(path) == 0 { return true }
        guard errno == ENOENT else { throw .current("rmdir", path) }
        return false
    }

    /// Moves a file to another name, where nothing may be; false if there is no such file.
    static func rename(_ old: String, _ new: String) throws(StorageError) -> Bool {
        if Glibc.rename(old, new) == 0 { return true }
        guard errno == ENOENT else { throw .current("rename", old) }
        return false
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the names in a folder survive a power cut.
    static func syncFolder(_ path: String) throws(StorageError) {
        try FileHandle(path, flags: O_RDONLY | O_DIRECTORY).sync()
    }

    /// The names in a folder; none where there is no such folder.
    static func names(in path: String) throws(StorageError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw .current("opendir", path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// A file's inode and its size in bytes; nil where there is none.
    static func identity(_ path: String) -> (inode: UInt64, size: Int64)? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return (UInt64(status.st_ino), Int64(status.st_size))
    }

    /// When the content of a file last changed, in seconds since 1970; nil where there is no file of that name.
    static func modified(_ path: String) -> Int64? { times(path)?.modified }

    /// When the content of a file and when what is known of it last changed, in seconds since 1970, and how many names it has; nil where
    /// there is no file of that name.
    static func times(_ path: String) -> (modified: Int64, changed: Int64, names: Int)? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return (Int64(status.st_mtim.tv_sec), Int64(status.st_ctim.tv_sec), Int(status.st_nlink))
    }
}
