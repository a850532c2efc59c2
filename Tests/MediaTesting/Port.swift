import Glibc
import Synchronization

/// Free ports on loopback.
package enum Port {
    /// Below the range that outgoing connections take theirs from, and elsewhere for another test process.
    private static let last = Atomic<Int>(20000 + Int(getpid()) % 240 * 50)

    /// A port that nobody listens on; it isn't given out again by this process.
    package static func free() throws(TestFailure) -> Int {
        for _ in 0..<2000 {
            let port = last.add(1, ordering: .relaxed).newValue
            if isFree(port) { return port }
        }
        throw TestFailure("no port is free")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withLoopback(port) { bind(descriptor, $0, $1) } == 0
    }
}

/// Calls `body` with the address of a port on 127.0.0.1.
func withLoopback<T>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}
