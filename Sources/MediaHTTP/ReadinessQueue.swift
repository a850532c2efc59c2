internal import CLinux
internal import Glibc

/// What of a lane has something to do: epoll over its listening socket and its idle connections.
///
/// Any number of threads wait in `next`; each event goes to one of them.
final class ReadinessQueue: Sendable {
    enum Source {
        case listeningSocket
        case connection(Int32)
        case woken
    }

    private let queue: Int32
    private let wakeUp: Int32
    private let listeningSocket: Int32

    init(listeningSocket: Int32) {
        self.listeningSocket = listeningSocket
        queue = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(queue >= 0 && wakeUp >= 0, "no descriptors left for the server's own")
        startListening()
        add(wakeUp, EPOLLIN.rawValue)
    }

    /// One waiting thread of one process is woken for a new connection, and nobody is told of it again: see `LaneRunner`. Without the edge each thread that leaves the queue would wake another one, up to all of them.
    private func startListening() {
        add(listeningSocket, EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue | EPOLLET.rawValue)
    }

    /// Has somebody told once more, if there are new connections.
    func listenAgain() {
        stopListening()
        startListening()
    }

    deinit {
        close(queue)
        close(wakeUp)
    }

    /// Something to do; nil where there is nothing, or a signal came instead.
    ///
    /// - Parameter waits: whether to wait for it.
    func next(waits: Bool) -> Source? {
        var event = unsafe epoll_event()
        guard unsafe epoll_wait(queue, &event, 1, waits ? -1 : 0) == 1 else { return nil }
        switch unsafe event.data.fd {
        case listeningSocket: return .listeningSocket
        case wakeUp: return .woken
        case let descriptor: return .connection(descriptor)
        }
    }

    /// Watches a connection until its next request, which is handed out once.
    func watch(_ descriptor: Int32, isNew: Bool) {
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
        unsafe event.data.fd = descriptor
        unsafe epoll_ctl(queue, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Whether something can be read from a connection, now or within so many milliseconds.
    static func hasInput(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) == 1
    }

    func stopListening() {
        epoll_ctl(queue, EPOLL_CTL_DEL, listeningSocket, nil)
    }

    /// Ends every thread's wait, now and from now on.
    func wakeAll() {
        eventfd_write(wakeUp, 1)
    }

    private func add(_ descriptor: Int32, _ events: UInt32) {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.fd = descriptor
        let result = unsafe epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event)
        // Two threads may have it told once more at the same moment.
        precondition(result == 0 || errno == EEXIST, "the lane's socket can't be watched")
    }
}
