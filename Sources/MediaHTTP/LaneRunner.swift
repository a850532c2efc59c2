internal import CLinux
internal import Glibc
internal import HTTPTypes
internal import Synchronization

/// The threads of one lane and the readiness queue they share.
final class LaneRunner: Sendable {
    private enum Mode: Int {
        case serving, retiring, stopping, ended
    }

    /// Microseconds for which a lane that stops still takes a request on a kept-alive connection, and then closes it. The web
    /// server can't know that a connection is about to be closed, and one with a request on its way is used within moments.
    private static let lastRequestTime: UInt32 = 250_000
    /// New connections that a thread serves before it looks for requests on kept-alive ones.
    private static let maxNewInARow = 4

    let lane: Lane
    private let maxParameterBytes: Int
    private let onEvent: @Sendable (FastCGIServer.Event) -> Void
    private let refusal: FastCGIServer.Refusal
    private let makeHandler: @Sendable () -> FastCGIServer.Handler
    private let readiness: ReadinessQueue
    private let mode = Atomic<Int>(Mode.serving.rawValue)
    private let openConnections = Atomic<Int>(0)
    /// Connections that wait in the readiness queue.
    private let idle = DescriptorSet()
    private let runningThreads = Atomic<Int>(0)
    /// Threads that take what the readiness queue has.
    private let servingThreads = Atomic<Int>(0)
    /// Threads that wait for something to do, or look for a new connection before they do.
    private let waitingThreads = Atomic<Int>(0)
    /// Whether a thread waits for descriptors to take new connections with, and no other needs to try.
    private let isOutOfDescriptors = Atomic<Bool>(false)
    private let activities: [RequestActivity]

    init(
        lane: Lane, maxParameterBytes: Int, onEvent: @escaping @Sendable (FastCGIServer.Event) -> Void,
        refusal: @escaping FastCGIServer.Refusal, makeHandler: @escaping @Sendable () -> FastCGIServer.Handler
    ) {
        self.lane = lane
        self.maxParameterBytes = maxParameterBytes
        self.onEvent = onEvent
        self.refusal = refusal
        self.makeHandler = makeHandler
        readiness = ReadinessQueue(listeningSocket: lane.socket)
        activities = (0..<lane.threads).map { _ in RequestActivity() }
    }

    var isFinished: Bool { runningThreads.load(ordering: .acquiring) == 0 }

    func start() {
        for activity in activities {
            runningThreads.add(1, ordering: .acquiringAndReleasing)
            servingThreads.add(1, ordering: .acquiringAndReleasing)
            Thread.start(lane.name) { [self] in run(activity) }
        }
    }

    /// - Parameter leavesWaiting: whether those that wait to be accepted are left to other processes: one that has started since is told
    ///   of them. Else they are this one's, since it may be the only one that was told.
    func retire(leavesWaiting: Bool) {
        let (isFirst, _) = mode.compareExchange(
            expected: Mode.serving.rawValue, desired: Mode.retiring.rawValue, ordering: .sequentiallyConsistent)
        // A lane that is stopping goes on stopping.
        guard isFirst else { return }
        readiness.stopListening()
        if !leavesWaiting { acceptAll() }
        if openConnections.load(ordering: .sequentiallyConsistent) == 0 { end() }
    }

    func stop() {
        guard mode.max(Mode.stopping.rawValue, ordering: .sequentiallyConsistent).oldValue < Mode.stopping.rawValue
        else {
            return
        }
        readiness.stopListening()
        acceptAll()
        if openConnections.load(ordering: .sequentiallyConsistent) == 0 { return end() }
        Thread.start("stop \(lane.name)") { [self] in
            usleep(Self.lastRequestTime)
            end()
        }
    }

    private func acceptAll() {
        while let descriptor = accept() { watch(descriptor, isNew: true) }
    }

    private func end() {
        mode.store(Mode.ended.rawValue, ordering: .sequentiallyConsistent)
        readiness.wakeAll()
    }

    func stuckRequests() -> [RequestActivity.Overdue] {
        activities.compactMap { $0.overdue(limit: lane.requestLimit) }
    }

    private func run(_ activity: RequestActivity) {
        let connection = FastCGIConnection()
        let handler = makeHandler()
        var newInARow = 0
        while mode.load(ordering: .acquiring) != Mode.ended.rawValue {
            // The web server makes a connection for each file it is to send, so under load there is one by now, and to take it
            // costs less than to be told of it.
            let isOthersTurn = newInARow == Self.maxNewInARow
            if !isOthersTurn {
                // Said before the look: who sees nobody wait leaves a connection where this look finds it.
                waitingThreads.add(1, ordering: .sequentiallyConsistent)
                if let new = acceptWhileServing() {
                    waitingThreads.subtract(1, ordering: .sequentiallyConsistent)
                    newInARow += 1
                    serve(new: new, connection, handler, activity)
                    continue
                }
            }
            newInARow = 0
            let source = readiness.next(waits: !isOthersTurn)
            if !isOthersTurn { waitingThreads.subtract(1, ordering: .sequentiallyConsistent) }
            switch source {
            case .connection(let descriptor):
                idle.remove(descriptor)
                serve(descriptor, isNew: false, connection, handler, activity)
            // The next look finds what there is.
            case .listeningSocket, .woken, nil: continue
            }
        }
        guard servingThreads.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return leave() }
        // No other thread uses a connection any more. What has come by now, however busy the machine was, is answered.
        for descriptor in idle.removeAll() {
            if ReadinessQueue.hasInput(descriptor, within: 0) {
                serve(descriptor, isNew: false, connection, handler, activity)
            } else {
                close(descriptor)
            }
        }
        leave()
    }

    private func leave() { runningThreads.subtract(1, ordering: .acquiringAndReleasing) }

    private func acceptWhileServing() -> Int32? {
        guard mode.load(ordering: .acquiring) == Mode.serving.rawValue,
            !isOutOfDescriptors.load(ordering: .sequentiallyConsistent)
        else { return nil }
        return accept()
    }

    private func serve(
        new descriptor: Int32, _ connection: FastCGIConnection, _ handler: FastCGIServer.Handler,
        _ activity: RequestActivity
    ) {
        // Nobody is told of those that came with it. Threads that are busy look for them by themselves.
        while waitingThreads.load(ordering: .sequentiallyConsistent) > 0, let another = acceptWhileServing() {
            watch(another, isNew: true)
        }
        // The web server connects when it has a request, which follows at once; a connection on which none does must not hold
        // the thread.
        if ReadinessQueue.hasInput(descriptor, within: 2) {
            serve(descriptor, isNew: true, connection, handler, activity)
        } else {
            watch(descriptor, isNew: true)
        }
    }

    /// The next new connection, or nil if there is none: another thread or process was quicker.
    private func accept() -> Int32? {
        var descriptor: Int32
        repeat {
            descriptor = accept4(lane.socket, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        } while descriptor < 0 && (errno == EINTR || errno == ECONNABORTED)
        guard descriptor >= 0 else {
            // Out of descriptors it fails where there is no connection, too.
            if errno != EAGAIN, case let code = errno, ReadinessQueue.hasInput(lane.socket, within: 0) {
                waitForDescriptors(code)
            }
            return nil
        }
        // A web server that stops in the middle of a request must not hold a thread for ever.
        SocketTimeout.setReceiving(descriptor, timeval(tv_sec: lane.requestLimit, tv_usec: 0))
        openConnections.add(1, ordering: .acquiringAndReleasing)
        return descriptor
    }

    /// Out of descriptors or memory: the connection stays in the socket's queue, until connections that end give descriptors free.
    private func waitForDescriptors(_ code: Int32) {
        guard !isOutOfDescriptors.exchange(true, ordering: .sequentiallyConsistent) else { return }
        onEvent(.acceptFailed(errno: code))
        usleep(20_000)
        isOutOfDescriptors.store(false, ordering: .sequentiallyConsistent)
        guard mode.load(ordering: .sequentiallyConsistent) == Mode.serving.rawValue else { return }
        readiness.listenAgain()
        // It may have begun to retire in between.
        if mode.load(ordering: .sequentiallyConsistent) != Mode.serving.rawValue { readiness.stopListening() }
    }

    private func serve(
        _ descriptor: Int32, isNew: Bool, _ connection: FastCGIConnection, _ handler: FastCGIServer.Handler,
        _ activity: RequestActivity
    ) {
        guard connection.receive(from: descriptor) else {
            connectionClosed()
            return
        }
        let requestID = connection.parameter("REQUEST_ID") ?? "-"
        activity.begin(requestID)
        let isHead = connection.parameter("REQUEST_METHOD") == "HEAD"
        let response = answer(connection, requestID, handler)
        connection.write(response.serialized(omitsBody: isHead))
        let (reusable, isDelivered) = connection.finish()
        activity.end()
        if !isDelivered { onEvent(.clientGone(requestID: requestID)) }
        // nginx leaves the connection on which it was redirected, whatever it said of keeping it.
        guard let reusable, isUsedAgain(reusable), !response.isInternalRedirect else {
            if let reusable { close(reusable) }
            connectionClosed()
            return
        }
        watch(reusable, isNew: isNew)
    }

    /// Whether a connection on which a request was answered takes another one. A lane that stops takes none, but for one that
    /// the web server has sent by now.
    private func isUsedAgain(_ descriptor: Int32) -> Bool {
        switch Mode(rawValue: mode.load(ordering: .acquiring)) {
        case .serving where isOutOfDescriptors.load(ordering: .relaxed):
            // Others wait for a descriptor, for as long as the web server keeps this one.
            ReadinessQueue.hasInput(descriptor, within: 0)
        case .serving, .retiring: true
        case .stopping: ReadinessQueue.hasInput(descriptor, within: 0)
        case .ended, nil: false
        }
    }

    private func watch(_ descriptor: Int32, isNew: Bool) {
        idle.insert(descriptor)
        readiness.watch(descriptor, isNew: isNew)
    }

    private func answer(
        _ connection: FastCGIConnection, _ requestID: String, _ handler: FastCGIServer.Handler
    ) -> Response {
        let bytes = connection.parameterBytes
        guard bytes <= maxParameterBytes else {
            onEvent(.parametersTooLong(bytes: bytes))
            return refusal(.headerTooLarge(limit: maxParameterBytes), requestID)
        }
        do {
            return handler(try Request(source: connection, id: requestID))
        } catch {
            return refusal(error, requestID)
        }
    }

    private func connectionClosed() {
        let left = openConnections.subtract(1, ordering: .sequentiallyConsistent).newValue
        let mode = mode.load(ordering: .sequentiallyConsistent)
        if left == 0, mode == Mode.retiring.rawValue || mode == Mode.stopping.rawValue { end() }
    }
}
