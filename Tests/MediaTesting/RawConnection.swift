import Glibc

/// A TCP connection to a server on loopback, for requests that no client would send.
package final class RawConnection {
    private let descriptor: Int32

    /// - Parameter timeout: seconds that one call of the system may take.
    package init(port: Int, timeout: Int = 20) throws(TestFailure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        guard withLoopback(port, { connect(descriptor, $0, $1) }) == 0 else {
            throw TestFailure("nobody listens on port \(port)")
        }
    }

    deinit {
        close(descriptor)
    }

    package func send(_ text: String) throws(TestFailure) { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws(TestFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestFailure("the server takes no more bytes") }
            rest = rest.dropFirst(count)
        }
    }

    /// Says that nothing more will come.
    package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until the server closes the connection or stays silent too long.
    package func readAll() -> [UInt8] {
        var collected: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { collected += buffer[..<count] }
        return collected
    }

    /// What comes first.
    package func readSome() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(count, 0)))
    }

    /// The answer to a request that closes the connection.
    package func response() throws(TestFailure) -> HTTPResponse { try HTTPResponse(parsing: readAll()) }
}
