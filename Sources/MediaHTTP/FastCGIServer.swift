internal import Glibc
internal import HTTPTypes

/// Serves FastCGI on one or more lanes, each with its own threads.
///
/// A thread takes whatever is ready on its lane, a new connection or a kept-alive one with a request, serves one request
/// and puts the connection back. So any number of kept-alive connections share the threads, and none waits behind an
/// idle one.
package final class FastCGIServer: Sendable {
    /// What happened beside answers, for logs and counters. Called on the server's threads.
    package enum Event: Sendable {
        /// The web server closed the connection before it had the whole answer.
        case clientGone(requestID: String)
        /// The request's parameters were longer than the limit.
        case parametersTooLong(bytes: Int)
        /// A request is running longer than its lane allows.
        case stuck(lane: String, requestID: String, seconds: Int)
        case acceptFailed(errno: Int32)
    }

    /// Answers one request, on the thread that made it.
    package typealias Handler = (Request) -> Response

    /// The answer to what is no request that a handler could take; gets the request's id too.
    package typealias Refusal = @Sendable (HTTPError, String) -> Response

    private let lanes: [LaneRunner]
    private let onEvent: @Sendable (Event) -> Void

    /// - Parameters:
    ///   - maxParameterBytes: a request whose header fields and other parameters are longer gets 431.
    ///   - refusal: by default an answer without a body.
    ///   - makeHandler: called once on each thread, so a handler may own what can't be shared.
    package init(
        lanes: [Lane], maxParameterBytes: Int, onEvent: @escaping @Sendable (Event) -> Void,
        refusal: @escaping Refusal = { error, _ in Response(status: error.kind.status) },
        makeHandler: @escaping @Sendable () -> Handler
    ) {
        FastCGIConnection.initializeLibrary()
        self.onEvent = onEvent
        self.lanes = lanes.map {
            LaneRunner(
                lane: $0, maxParameterBytes: maxParameterBytes, onEvent: onEvent, refusal: refusal,
                makeHandler: makeHandler)
        }
    }

    /// Starts all threads and returns.
    package func start() {
        for lane in lanes { lane.start() }
    }

    /// Takes no more connections and serves the ones it has until the web server closes them.
    ///
    /// The web server is the client of a kept-alive connection, so only its closing one loses no request.
    ///
    /// - Parameter leavesWaiting: whether connections that nobody has taken yet are left to a server that starts afterwards.
    package func retire(leavesWaiting: Bool = false) {
        for lane in lanes { lane.retire(leavesWaiting: leavesWaiting) }
    }

    /// Finishes the requests that are running, and those that come within moments on kept-alive connections, and closes all of
    /// them.
    package func stop() {
        for lane in lanes { lane.stop() }
    }

    /// Whether every thread has ended.
    package var isFinished: Bool { lanes.allSatisfy(\.isFinished) }

    /// Looks for requests beyond their limit and reports each once; true if there are any.
    package func checkForStuckRequests() -> Bool {
        var isStuck = false
        for lane in lanes {
            for stuck in lane.stuckRequests() {
                isStuck = true
                if stuck.isNew {
                    onEvent(.stuck(lane: lane.lane.name, requestID: stuck.requestID, seconds: stuck.seconds))
                }
            }
        }
        return isStuck
    }
}
