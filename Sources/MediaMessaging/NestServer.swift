internal import CLinux
internal import Glibc
internal import Synchronization

/// Serves NestJS's TCP transport. Any number of threads call `run`; each carries out what it has just read, while others read
/// what comes next, on the same connection too: answers go out in the order in which they are done, as NestJS expects.
package final class NestServer: Sendable {
    package struct Limits: Sendable {
        /// Bytes of a frame's JSON.
        var frameBytes: Int
        var connections: Int
        /// Seconds that a peer may stand still in the middle of a frame, its own or one for it.
        var stall: Int

        package init(frameBytes: Int, connections: Int, stall: Int) {
            self.frameBytes = frameBytes
            self.connections = connections
            self.stall = stall
        }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What happens to connections.
    package enum Event: Sendable {
        case refused(peer: String)
        case broken(peer: String, reason: String)
    }

    /// While a peer leaves so many bytes lying, nothing more is read from it.
    private static let maxUnsent = 4 << 20

    private let queue: Int32
    private let listener: Int32
    private let limits: Limits
    private let connections = Mutex<[Int32: NestConnection]>([:])
    private let isEnding = Atomic<Bool>(false)
    private let lastSweep = Mutex(ContinuousClock.now)
    private let onEvent: @Sendable (Event) -> Void

    /// Listens.
    ///
    /// - Parameter port: 0: any that is free.
    package init(
        host: String, port: Int, limits: Limits, onEvent: @escaping @Sendable (Event) -> Void
    ) throws(Failure) {
        self.limits = limits
        self.onEvent = onEvent
        listener = try Self.listen(host, port)
        queue = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(queue >= 0, "no descriptor left for the server's own")
        watch(listener, EPOLLIN.rawValue, EPOLL_CTL_ADD)
    }

    deinit {
        close(listener)
        close(queue)
    }

    private static func listen(_ host: String, _ port: Int) throws(Failure) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let address = unsafe found else {
            throw unsafe Failure(description: "\(host): \(String(cString: gai_strerror(code)))")
        }
        defer { unsafe freeaddrinfo(address) }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = unsafe socket(address.pointee.ai_family, type, 0)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        guard descriptor >= 0, unsafe bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
            Glibc.listen(descriptor, 1024) == 0
        else {
            let reason = unsafe String(cString: strerror(errno))
            close(descriptor)
            throw Failure(description: "\(host):\(port): \(reason)")
        }
        return descriptor
    }

    /// Takes no more connections and reads nothing more; what is in hand comes to its end.
    package func stop() { isEnding.store(true, ordering: .relaxed) }

    /// Serves on this thread until `stop`.
    ///
    /// - Parameter answer: carries a frame's JSON text out; nil where there is no answer.
    package func run(_ answer: (_ json: [UInt8], _ peer: String) -> [UInt8]?) {
        while !isEnding.load(ordering: .relaxed) {
            var event = unsafe epoll_event()
            let count = unsafe epoll_wait(queue, &event, 1, 250)
            sweep()
            guard count == 1 else { continue }
            let descriptor = unsafe event.data.fd
            if descriptor == listener {
                accept()
            } else if let connection = connections.withLock({ $0[descriptor] }) {
                serve(connection, answer)
            }
        }
    }

    private func watch(_ descriptor: Int32, _ events: UInt32, _ operation: Int32) {
        var event = unsafe epoll_event()
        unsafe event.events = events | EPOLLONESHOT.rawValue
        unsafe event.data.fd = descriptor
        unsafe epoll_ctl(queue, operation, descriptor, &event)
    }

    // MARK: Connections

    private func accept() {
        while true {
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe accept4(
                        listener, $0, &length, Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
                }
            }
            guard descriptor >= 0 else { break }
            let connection = NestConnection(
                descriptor, peer: Self.name(&address, length), maxLength: limits.frameBytes)
            let isTaken = connections.withLock { connections in
                guard connections.count < limits.connections else { return false }
                connections[descriptor] = connection
                return true
            }
            guard isTaken else {
                onEvent(.refused(peer: connection.peer))
                continue
            }
            watch(descriptor, EPOLLIN.rawValue, EPOLL_CTL_ADD)
        }
        watch(listener, EPOLLIN.rawValue, EPOLL_CTL_MOD)
    }

    /// The address without its port.
    private static func name(_ address: inout sockaddr_storage, _ length: socklen_t) -> String {
        var text = [CChar](repeating: 0, count: 64)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getnameinfo($0, length, &text, 64, nil, 0, NI_NUMERICHOST)
            }
        }
        return code == 0 ? String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
    }

    private func serve(_ connection: NestConnection, _ answer: (_ json: [UInt8], _ peer: String) -> [UInt8]?) {
        connection.flush()
        let texts: [[UInt8]]
        switch connection.read() {
        case .texts(let found): texts = found
        // Somebody else is at it, and watches it again.
        case .busy: return
        case .ended(let reason):
            if let reason { onEvent(.broken(peer: connection.peer, reason: reason)) }
            return remove(connection)
        }
        rearm(connection)
        for text in texts {
            guard let json = answer(text, connection.peer) else { continue }
            connection.send(NestFrames.frame(json))
            rearm(connection)
        }
    }

    private func rearm(_ connection: NestConnection) {
        guard !connection.isClosed else { return remove(connection) }
        // One after the other: what a later thread has left to send, an earlier one must not forget.
        connection.withUnsent { unsent in
            let events = (unsent > 0 ? EPOLLOUT.rawValue : 0) | (unsent < Self.maxUnsent ? EPOLLIN.rawValue : 0)
            watch(connection.descriptor, events, EPOLL_CTL_MOD)
        }
    }

    private func remove(_ connection: NestConnection) {
        connection.end()
        connections.withLock { connections in
            if connections[connection.descriptor] === connection { connections[connection.descriptor] = nil }
        }
    }

    /// Once a second, gives up the connections whose peers stand still.
    private func sweep() {
        let isDue = lastSweep.withLock { last in
            guard last.duration(to: .now) > .seconds(1) else { return false }
            last = .now
            return true
        }
        guard isDue else { return }
        for connection in connections.withLock({ Array($0.values) })
        where connection.hasStalled(for: .seconds(limits.stall)) {
            onEvent(.broken(peer: connection.peer, reason: "stood still in the middle of a frame"))
            remove(connection)
        }
    }
}
