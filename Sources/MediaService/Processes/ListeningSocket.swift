import Glibc

/// A Unix socket that a supervisor listens on for all its workers: one that it was given, or its own.
struct ListeningSocket {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let descriptor: Int32
    private let path: String
    /// Whether somebody else made it, who keeps it when this process ends: connections wait there for the next one.
    private let isInherited: Bool

    /// The socket that the service manager hands over under a name (sd_listen_fds(3)), or else one at a path.
    ///
    /// - Parameter folder: where it lies, as `<name>.sock`.
    static func named(_ name: String, folder: String) throws(Failure) -> ListeningSocket {
        let path = "\(folder)/\(name).sock"
        guard let inherited = try inherited(name) else { return try ListeningSocket(path: path) }
        guard fcntl(inherited, F_SETFD, FD_CLOEXEC) == 0, fcntl(inherited, F_SETFL, O_NONBLOCK) == 0 else {
            throw Failure(description: "the socket '\(name)' that was handed over can't be used")
        }
        return ListeningSocket(inherited: inherited, path: path)
    }

    private init(inherited descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
        isInherited = true
    }

    /// The descriptor that was handed over under a name; nil where none were.
    private static func inherited(_ name: String) throws(Failure) -> Int32? {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        guard variable("LISTEN_PID") == String(getpid()), let count = variable("LISTEN_FDS").flatMap({ Int32($0) })
        else {
            return nil
        }
        let names = (variable("LISTEN_FDNAMES") ?? "").split(separator: ":", omittingEmptySubsequences: false)
        guard names.count == count, let index = names.firstIndex(of: name[...]) else {
            throw Failure(
                description: "of the sockets that were handed over none is called '\(name)' (FileDescriptorName)")
        }
        // The first one is 3 (SD_LISTEN_FDS_START).
        return 3 + Int32(index)
    }

    /// Binds the socket; what an earlier supervisor left at the path is replaced.
    private init(path: String) throws(Failure) {
        self.path = path
        isInherited = false
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw Failure(description: "\(path): a socket's path can't be longer than \(capacity - 1) bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        // Group access: nginx may run as another user of the same group.
        let mask = umask(0o117)
        defer { umask(mask) }
        guard descriptor >= 0, Self.call(bind, descriptor, &address) == 0, listen(descriptor, 1024) == 0 else {
            throw Failure(description: "\(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Takes the socket's name away, if it is this process' own.
    func remove() {
        if !isInherited { unlink(path) }
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ descriptor: Int32,
        _ address: inout sockaddr_un
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
