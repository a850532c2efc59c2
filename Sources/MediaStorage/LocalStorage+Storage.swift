internal import Glibc
package import MediaCore

extension LocalStorage: Storage {
    private func path(_ key: BlobKey) -> String { "\(objects)/\(key.name)" }

    package func put(_ file: StagedFile, _ key: BlobKey) throws { try place(file, key) }

    package func size(of key: BlobKey) throws -> Int64? { FileSystem.identity(path(key))?.size }

    package func read(
        _ key: BlobKey, _ range: Range<Int64>, sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let handle = try FileHandle(path(key), flags: O_RDONLY | O_NOFOLLOW)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - position))
            let count = try handle.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            if count == 0 { return }
            try sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            position += Int64(count)
        }
    }

    package func remove(_ key: BlobKey) throws {
        if try FileSystem.remove(path(key)) {
            let name = key.name.split(separator: "/")
            try FileSystem.syncFolder("\(objects)/\(name[0])/\(name[1])")
        }
    }

    package func blobs(_ prefix: UInt8, _ body: (FoundBlob) throws -> Void) throws {
        for found in try objects(prefix).sorted(by: { $0.path < $1.path }) {
            try body(FoundBlob(name: String(found.path.dropFirst("objects/".count)), size: found.size))
        }
    }

    package func removeUnfinished(olderThan age: Int, now: Timestamp) throws -> Int {
        try removeAbandoned(olderThan: age, now: now)
    }
}
