internal import Crypto
internal import MediaCore

/// A stretch of a file as a request's body.
struct FileBody: Sendable {
    let handle: FileHandle
    let range: Range<Int64>

    var body: HTTPClient.Body {
        .stream(Int64(range.count)) { [self] offset, buffer in
            try handle.read(at: range.lowerBound + offset, into: buffer)
        }
    }

    /// Reads it once, piece by piece.
    private func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) throws(StorageError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - position))
            let count = try handle.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            guard count > 0 else { throw StorageError(code: 5, operation: "read", path: handle.path) }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            position += Int64(count)
        }
    }

    /// 64 hexadecimal digits.
    func sha256() throws(StorageError) -> String {
        var hash = SHA256()
        try forEachPiece { hash.update(bufferPointer: $0) }
        return Hex.encode(Array(hash.finalize()))
    }

    func md5() throws(StorageError) -> [UInt8] {
        var hash = Insecure.MD5()
        try forEachPiece { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    func crc32c() throws(StorageError) -> [UInt8] {
        var sum = CRC32C()
        try forEachPiece { sum.update($0) }
        return sum.value
    }
}

extension StagedFile {
    /// The file in stretches of the same size, but for the last.
    func stretches(of bytes: Int64) -> [FileBody] {
        stride(from: 0, to: max(size, 1), by: Int64.Stride(bytes)).map {
            FileBody(handle: handle, range: $0..<min($0 + bytes, size))
        }
    }
}
