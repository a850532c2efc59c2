internal import CLinux
internal import Glibc

/// An open file, closed when it is let go.
package final class FileHandle: Sendable {
    package let descriptor: Int32
    let path: String

    init(_ path: String, flags: Int32, mode: mode_t = 0) throws(StorageError) {
        var result: Int32
        repeat { result = open(path, flags | O_CLOEXEC, mode) } while result < 0 && errno == EINTR
        guard result >= 0 else { throw .current("open", path) }
        descriptor = result
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// Bytes.
    package func size() throws(StorageError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .current("stat", path) }
        return Int64(status.st_size)
    }

    var inode: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    package func read(at offset: Int64, count: Int) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = try read(at: offset, into: &bytes)
        bytes.removeLast(count - done)
        return bytes
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// - Returns: bytes read; fewer than the buffer holds only at the end of the file.
    func read(at offset: Int64, into buffer: inout [UInt8]) throws(StorageError) -> Int {
        let result = buffer.withUnsafeMutableBytes { bytes in
            Result { () throws(StorageError) in try read(at: offset, into: bytes) }
        }
        return try result.get()
    }

    /// The same.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
        var done = 0
        while done < buffer.count {
            let result = pread(
                descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset) + off_t(done))
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .current("read", path) }
            if result == 0 { break }
            done += result
        }
        return done
    }

    /// Makes content and size survive a power cut.
    func sync() throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw .current("fsync", path) }
    }

    /// Starts writing a range to the disk and returns; only `sync()` makes it durable.
    func startWriting(_ range: Range<Int64>) {
        // A hint: where the file system doesn't know it, sync() does all the work.
        _ = sync_file_range(descriptor, off_t(range.lowerBound), off_t(range.count), 2)
    }

    /// Writes all bytes behind what was written before.
    func append(_ bytes: [UInt8]) throws(StorageError) {
        let result = bytes.withUnsafeBytes { bytes in Result { () throws(StorageError) in try append(bytes) } }
        try result.get()
    }

    /// Writes all bytes behind what was written before.
    func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let result = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .current("write", path) }
            done += result
        }
    }

    /// Appends a range of another file's bytes, copied in the kernel.
    func append(_ range: Range<Int64>, of source: FileHandle) throws(StorageError) {
        var from = off_t(range.lowerBound)
        var left = range.count
        while left > 0 {
            let result = copy_file_range(source.descriptor, &from, descriptor, nil, left, 0)
            if result < 0 && errno == EINTR { continue }
            // Between file systems of some kinds the kernel doesn't copy.
            if result < 0, [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) {
                return try appendByHand(Int64(from)..<range.upperBound, of: source)
            }
            guard result >= 0 else { throw .current("copy", path) }
            guard result > 0 else { throw StorageError(code: EIO, operation: "copy", path: source.path) }
            left -= result
        }
    }

    private func appendByHand(_ range: Range<Int64>, of source: FileHandle) throws(StorageError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - position))
            if wanted < buffer.count { buffer.removeLast(buffer.count - wanted) }
            let count = try source.read(at: position, into: &buffer)
            guard count > 0 else { throw StorageError(code: EIO, operation: "copy", path: source.path) }
            try append(Array(buffer[..<count]))
            position += Int64(count)
        }
    }
}
