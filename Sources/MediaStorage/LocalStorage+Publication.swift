internal import Glibc
package import MediaCore

/// Public links: names of blobs that nginx serves to everybody.
extension LocalStorage {
    /// Makes a record's public link. When it returns, the link survives a power cut.
    package func publish(_ id: MediaID, name: String, sha256: String) throws(StorageError) {
        try publish(id, [(name, sha256)])
    }

    /// Makes some of a record's public links; those that are there already cost little. When it returns, they survive a power cut.
    package func publish(_ id: MediaID, _ links: [(name: String, sha256: String)]) throws(StorageError) {
        try makeLinks(id, links)
        // Not before: between a folder's making and its first link, another host may take it away, and a disk takes its time.
        try syncPublication(id)
    }

    private func makeLinks(_ id: MediaID, _ links: [(name: String, sha256: String)]) throws(StorageError) {
        let folder = "\(published)/\(id)"
        var attempt = 1
        while true {
            do {
                _ = try FileSystem.createFolder(folder)
                for (name, sha256) in links { try publish(sha256, at: "\(folder)/\(name)") }
                return
            } catch {
                // Another host has taken them away at the same time, and the folder with them.
                guard error.code == ENOENT, attempt < Self.rivalAttempts,
                    links.allSatisfy({ hasBlob($0.sha256) })
                else { throw error }
                attempt += 1
            }
        }
    }

    private func publish(_ sha256: String, at path: String) throws(StorageError) {
        do {
            if try !FileSystem.link(objectPath(sha256), path), try !isSameFile(objectPath(sha256), path) {
                try replaceLink(at: path, sha256)
            }
        } catch {
            guard error.code == EMLINK else { throw error }
            try publishCopy(sha256, at: path)
        }
    }

    /// Makes a record's public links, and takes its others away; with none, all of them. When it returns, that survives a power cut.
    package func publish(_ id: MediaID, exactly links: [(name: String, sha256: String)]) throws(StorageError) {
        if links.isEmpty { return try unpublish(id) }
        try publish(id, links)
        // Of a file that was replaced, or of a replacement that came to nothing.
        try unpublishOthers(than: Set(links.map(\.name)), of: id)
    }

    /// Whether a record has these public links and no others.
    package func hasPublication(
        _ id: MediaID, _ links: [(name: String, sha256: String)]
    ) throws(StorageError) -> Bool {
        let folder = "\(published)/\(id)"
        if links.isEmpty { return !FileSystem.isFolder(folder) }
        guard Set(try FileSystem.names(in: folder)) == Set(links.map(\.name)) else { return false }
        return links.allSatisfy { name, sha256 in
            guard let blob = FileSystem.identity(objectPath(sha256)) else { return false }
            return FileSystem.identity("\(folder)/\(name)")?.inode == blob.inode
        }
    }

    /// Makes the public links that a record has survive a power cut.
    package func syncPublication(_ id: MediaID) throws(StorageError) {
        let folder = "\(published)/\(id)"
        guard FileSystem.isFolder(folder) else { return }
        try FileSystem.syncFolder(published)
        do {
            try FileSystem.syncFolder(folder)
        } catch {
            // Another host has taken them away at the same time.
            guard error.code == ENOENT else { throw error }
        }
    }

    /// A file has only so many links (65,000 on ext4); a content that is public more often gets a second copy.
    private func publishCopy(_ sha256: String, at path: String) throws(StorageError) {
        let source = try FileHandle(objectPath(sha256), flags: O_RDONLY)
        let copy = try stage(0..<source.size(), of: source, as: "copy-\(sha256)-\(UInt64.random(in: 0 ... .max))")
        try copy.handle.sync()
        _ = try FileSystem.rename(copy.path, path)
    }

    private func isSameFile(_ first: String, _ second: String) throws(StorageError) -> Bool {
        guard let one = FileSystem.identity(first), let other = FileSystem.identity(second) else {
            throw StorageError(code: ENOENT, operation: "stat", path: second)
        }
        return one.inode == other.inode
    }

    /// Makes a name that another content has the blob's, at no moment nobody's.
    private func replaceLink(at path: String, _ sha256: String) throws(StorageError) {
        let new = "\(staging)/link-\(sha256)-\(UInt64.random(in: 0 ... .max))"
        _ = try FileSystem.link(objectPath(sha256), new)
        do {
            _ = try FileSystem.rename(new, path)
        } catch {
            unlink(new)
            throw error
        }
    }

    /// Takes all public links of a record away but some.
    private func unpublishOthers(than kept: Set<String>, of id: MediaID) throws(StorageError) {
        let folder = "\(published)/\(id)"
        let others = try FileSystem.names(in: folder).filter { !kept.contains($0) }
        guard !others.isEmpty else { return }
        for other in others { try FileSystem.remove("\(folder)/\(other)") }
        try FileSystem.syncFolder(folder)
    }

    /// Takes a record's public link away, if there is one.
    package func unpublish(_ id: MediaID) throws(StorageError) {
        let folder = "\(published)/\(id)"
        var attempt = 1
        while true {
            for name in try FileSystem.names(in: folder) { try FileSystem.remove("\(folder)/\(name)") }
            do {
                // Also where it was empty: whoever emptied it may have crashed before that was durable.
                if try FileSystem.removeFolder(folder) { try FileSystem.syncFolder(published) }
                return
            } catch {
                // Another host has made some at the same time.
                guard error.code == ENOTEMPTY, attempt < Self.rivalAttempts else { throw error }
                attempt += 1
            }
        }
    }

    package func isPublished(_ id: MediaID, name: String) -> Bool {
        FileSystem.exists("\(published)/\(id)/\(name)")
    }

    /// The names of a record's public links.
    package func publicNames(_ id: MediaID) throws(StorageError) -> Set<String> {
        Set(try FileSystem.names(in: "\(published)/\(id)"))
    }
}
