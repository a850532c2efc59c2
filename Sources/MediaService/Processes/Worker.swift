import CLinux
import Glibc
import Logging
import MediaHTTP

/// A worker process: serves all lanes until its supervisor tells it to end.
package enum Worker {
    /// A supervisor's order to serve the connections that are open and take no new ones.
    static let retireSignal = SIGUSR2

    /// Runs the process.
    ///
    /// - Returns: its exit code.
    package static func run(_ configuration: Configuration) throws -> Int32 {
        guard fcntl(InheritedDescriptor.readiness, F_GETFD) >= 0 else {
            print("mediad: 'worker' is what 'mediad serve' starts; it does nothing by itself")
            return 64
        }
        Heap.share()
        var signals = Signals([SIGTERM, SIGINT, SIGHUP, retireSignal])
        media_terminate_with_parent()
        let environment = try Environment(
            configuration: configuration, metrics: Metrics(inherited: InheritedDescriptor.metrics))
        let server = server(environment)
        server.start()
        environment.recorder.start(environment)
        environment.tokens.startRefreshing()
        raiseDescriptorLimit()
        // Nobody reads it: the supervisor ended before this process had asked to end with it.
        guard write(InheritedDescriptor.readiness, "r", 1) == 1 else { return 0 }
        defer { environment.recorder.finish(environment) }
        return supervise(server, &signals, environment)
    }

    /// Every connection takes a descriptor, and the usual soft limit is low.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func server(_ environment: Environment) -> FastCGIServer {
        let configuration = environment.configuration
        let lanes = [
            Lane(
                name: "api", socket: InheritedDescriptor.apiSocket, threads: configuration.number(.apiThreads),
                requestLimit: configuration.number(.apiTimeout)),
            Lane(
                name: "upload", socket: InheritedDescriptor.uploadSocket, threads: configuration.number(.uploadThreads),
                requestLimit: configuration.number(.uploadTimeout)),
            // Whoever brings bytes slowly is nginx's to end.
            Lane(
                name: "stream", socket: InheritedDescriptor.streamSocket,
                threads: configuration.number(.streamThreads), requestLimit: 86400),
        ]
        let application = Application()
        return FastCGIServer(
            lanes: lanes, maxParameterBytes: configuration.number(.headerBytes),
            onEvent: { [acceptFailures = LogPace(onceIn: .seconds(1))] in report($0, acceptFailures, environment) },
            refusal: { error, id in Application.problem(ProblemMapping.problem(for: error), error, id, environment) },
            makeHandler: {
                let context = Context(environment)
                return { application.respond(to: $0, context) }
            })
    }

    /// Waits for orders; a request that runs too long makes the worker retire, since its thread can't be stopped.
    private static func supervise(
        _ server: FastCGIServer, _ signals: inout Signals, _ environment: Environment
    ) -> Int32 {
        var deadline: ContinuousClock.Instant?
        let drain = Duration.seconds(environment.configuration.number(.drainTimeout))
        var exitCode: Int32 = 0
        while !server.isFinished {
            if let deadline, deadline < .now {
                environment.logger.warning("worker ends with requests unfinished")
                return exitCode == 0 ? 1 : exitCode
            }
            switch signals.next(milliseconds: deadline == nil ? 250 : 20) {
            case SIGTERM, SIGINT:
                server.stop()
                deadline = min(deadline ?? .now + drain, .now + drain)
            case retireSignal:
                server.retire()
                deadline = deadline ?? .now + drain
            default: break
            }
            if deadline == nil, server.checkForStuckRequests() {
                // The supervisor replaces this worker now, not when it has drained.
                _ = write(InheritedDescriptor.readiness, "s", 1)
                server.retire(leavesWaiting: true)
                deadline = .now + drain
                exitCode = 75
            }
        }
        return exitCode
    }

    private static func report(
        _ event: FastCGIServer.Event, _ acceptFailures: LogPace, _ environment: Environment
    ) {
        switch event {
        case .clientGone(let id):
            environment.metrics.add(.clientsGone)
            environment.logger.info("client gone before its answer", metadata: ["requestId": "\(id)"])
        case .parametersTooLong(let bytes):
            environment.metrics.add(.headersTooLong)
            environment.logger.notice("header fields too long", metadata: ["bytes": "\(bytes)"])
        case .stuck(let lane, let id, let seconds):
            environment.metrics.add(.workersStuck)
            environment.logger.error(
                "request is stuck; the worker is replaced",
                metadata: ["lane": "\(lane)", "requestId": "\(id)", "seconds": "\(seconds)"])
        case .acceptFailed(let code):
            environment.metrics.add(.acceptsFailed)
            // While it lasts it is tried 50 times a second; the metric counts all of them.
            guard acceptFailures.isDue() else { break }
            environment.logger.error("accept failed", metadata: ["error": "\(String(cString: strerror(code)))"])
        }
    }
}
