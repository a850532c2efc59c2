internal import CLinux
internal import Glibc

/// Unix sockets between the processes of one host.
package enum UnixSocket {
    /// A socket that listens at `path`, where no living process does.
    static func listen(at path: String) throws(StorageError) -> Int32 {
        if let living = connect(to: path) {
            close(living)
            throw StorageError(code: EADDRINUSE, operation: "listen", path: path)
        }
        unlink(path)
        let descriptor = socket(AF_UNIX, media_sock_stream | media_sock_cloexec, 0)
        guard descriptor >= 0 else { throw .current("socket", path) }
        let mask = umask(0o117)
        defer { umask(mask) }
        guard withAddress(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 else {
            defer { close(descriptor) }
            throw .current("listen", path)
        }
        return descriptor
    }

    /// Whether a living process listens at `path`.
    package static func isServed(_ path: String) -> Bool {
        guard let connection = connect(to: path) else { return false }
        close(connection)
        return true
    }

    /// A connection to who listens at `path`, or nil.
    static func connect(to path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, media_sock_stream | media_sock_cloexec, 0)
        guard descriptor >= 0 else { return nil }
        if withAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// Bounds how long reading and writing may wait.
    static func limitWaiting(_ descriptor: Int32, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
