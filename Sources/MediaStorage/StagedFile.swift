internal import CLinux
internal import Crypto
internal import Glibc
package import MediaCore

/// A file that has arrived and is not yet in the store. Its name in the staging folder goes when it is let go.
package final class StagedFile {
    /// What is known of a file's content once all of it was read.
    package struct Digest: Equatable, Sendable {
        /// 64 hexadecimal digits.
        package let sha256: String
        /// Present where it was asked for; 128 hexadecimal digits.
        package let sha512: String?
    }

    package let handle: FileHandle
    /// Bytes.
    package let size: Int64
    package private(set) var path: String
    private var isLeft = false

    init(path: String, handle: FileHandle) throws(StorageError) {
        self.path = path
        self.handle = handle
        size = try handle.size()
    }

    deinit {
        // What can't be removed now is found in the staging folder later.
        if !isLeft { unlink(path) }
    }

    /// Leaves its name in the staging folder: housekeeping looks by it whether anything refers to what was placed of it.
    package func leave() { isLeft = true }

    private static let suffix = "-record"

    /// Has its name in the staging folder say what record it is to be of, for whoever finds it there.
    package func assign(_ id: MediaID) throws(StorageError) {
        let folder = path.dropLast(Self.name(path).utf8.count)
        let new = "\(folder)\(id)\(Self.suffix)"
        if path == new { return }
        guard try FileSystem.rename(path, new) else {
            throw StorageError(code: ENOENT, operation: "rename", path: path)
        }
        path = new
    }

    /// The record that it is to be of; nil where its name says nothing of one.
    package var record: MediaID? { Self.record(path: path) }

    static func record(path: String) -> MediaID? {
        let name = name(path)
        return name.hasSuffix(suffix) ? MediaID(String(name.dropLast(suffix.utf8.count))) : nil
    }

    private static func name(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }

    /// Whether its name in the staging folder is still there: housekeeping removes what is older than its grace period.
    package var isPresent: Bool { FileSystem.exists(path) }

    /// Reads the whole file and hashes it.
    ///
    /// - Parameter writesMeanwhile: whether the file is to be written to the disk at the same time: the kernel is told
    ///   to write each stretch before it is hashed.
    package func digest(includingSHA512: Bool = false, writesMeanwhile: Bool = false) throws(StorageError) -> Digest {
        var sha256 = SHA256()
        var sha512 = SHA512()
        var buffer = [UInt8](repeating: 0, count: Int(min(256 * 1024, max(size, 1))))
        let stretch: Int64 = 16 << 20
        var position: Int64 = 0
        while position < size {
            if writesMeanwhile, position % stretch == 0 {
                handle.startWriting(position..<min(position + stretch, size))
            }
            let count = try handle.read(at: position, into: &buffer)
            guard count > 0 else { throw StorageError(code: EIO, operation: "read", path: path) }
            buffer.withUnsafeBytes {
                let piece = UnsafeRawBufferPointer(rebasing: $0[..<count])
                sha256.update(bufferPointer: piece)
                if includingSHA512 { sha512.update(bufferPointer: piece) }
            }
            position += Int64(count)
        }
        return Digest(
            sha256: Hex.encode(Array(sha256.finalize())),
            sha512: includingSHA512 ? Hex.encode(Array(sha512.finalize())) : nil)
    }

    /// The file's SHA-256 where an `IncomingDigester` has followed it while it arrived; nil where it has to be read.
    ///
    /// - Parameter runFolder: where the digester has its socket.
    package func digestFromArrival(runFolder: String) -> Digest? {
        guard size >= IncomingDigester.minSize,
            let connection = UnixSocket.connect(to: IncomingDigester.socketPath(runFolder))
        else { return nil }
        defer { close(connection) }
        // It has little left to read; where it is overloaded or stopped, the file is read here.
        UnixSocket.limitWaiting(connection, seconds: Int(size >> 30) + 5)
        let question = [handle.inode.littleEndian, UInt64(size).littleEndian]
        var answer = [UInt8](repeating: 0, count: 32)
        let isAsked = question.withUnsafeBytes {
            send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        let length = answer.withUnsafeMutableBytes {
            recv(connection, $0.baseAddress, $0.count, Int32(MSG_WAITALL))
        }
        return isAsked == 16 && length == 32 ? Digest(sha256: Hex.encode(answer), sha512: nil) : nil
    }

    /// Makes the file's bytes survive a power cut.
    package func sync() throws(StorageError) {
        try handle.sync()
    }
}
