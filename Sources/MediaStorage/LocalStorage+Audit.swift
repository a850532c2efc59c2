internal import Glibc
package import MediaCore

extension LocalStorage {
    /// A file or folder of the store, relative to its root.
    package struct Found: Equatable, Sendable {
        package let path: String
        /// Bytes; nil for what is no file.
        package let size: Int64?
        /// The content that it is by its name; nil for what has another one.
        package let sha256: String?
    }

    /// All that lies below `objects/` under one byte.
    package func objects(_ prefix: UInt8) throws(StorageError) -> [Found] {
        let outer = Hex.encode([prefix])
        var found: [Found] = []
        for inner in try FileSystem.names(in: "\(objects)/\(outer)") {
            let folder = "\(objects)/\(outer)/\(inner)"
            guard inner.count == 2, Hex.decode(inner) != nil, FileSystem.isFolder(folder) else {
                found.append(Found(path: "objects/\(outer)/\(inner)", size: nil, sha256: nil))
                continue
            }
            for name in try FileSystem.names(in: folder) {
                let isBlob = name.count == 64 && Hex.decode(name) != nil && name.hasPrefix(outer + inner)
                let size =
                    FileSystem.isFolder("\(folder)/\(name)") ? nil : FileSystem.identity("\(folder)/\(name)")?.size
                found.append(
                    Found(
                        path: "objects/\(outer)/\(inner)/\(name)", size: size,
                        sha256: isBlob && size != nil ? name : nil))
            }
        }
        return found
    }

    /// Names below the root and in `objects/` that this service hasn't made.
    package func strangers() throws(StorageError) -> [String] {
        let known: Set<String> = ["incoming", "partial", "staging", "objects", "public", "work", "cache"]
        let top = try FileSystem.names(in: root).filter { !known.contains($0) && $0 != "lost+found" }
        let inner = try FileSystem.names(in: objects).filter { $0.count != 2 || Hex.decode($0) == nil }
        return top + inner.map { "objects/\($0)" }
    }

    /// Bytes; nil where there is no such blob.
    package func blobSize(_ sha256: String) -> Int64? { FileSystem.identity(objectPath(sha256))?.size }

    /// Whether a blob has a name in the staging folder, too: somebody is at it, or housekeeping is going to be.
    package func isStaged(_ sha256: String) throws(StorageError) -> Bool {
        guard let blob = FileSystem.identity(objectPath(sha256)) else { return false }
        return try FileSystem.names(in: staging).contains {
            FileSystem.identity("\(staging)/\($0)")?.inode == blob.inode
        }
    }

    package func hasPublicFolder(_ id: MediaID) -> Bool { FileSystem.isFolder("\(published)/\(id)") }

    /// The names of the folders of public links.
    package func publicFolders() throws(StorageError) -> [String] { try FileSystem.names(in: published) }

    /// A blob's bytes, to be read to the end.
    package func blobHandle(_ sha256: String) throws(StorageError) -> FileHandle {
        try FileHandle(objectPath(sha256), flags: O_RDONLY | O_NOFOLLOW)
    }
}
