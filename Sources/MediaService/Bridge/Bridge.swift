import Glibc
import Logging
import MediaHTTP
import MediaMessaging
import MediaStorage

/// `mediad bridge`: takes the platform's messages from RabbitMQ and over NestJS's TCP, and sends events to RabbitMQ.
package struct Bridge {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let environment: Environment
    private let broker: AMQPAddress?
    private let endpoint: (host: String, port: Int)?

    /// - Parameter tcp: where TCP messages are taken; nil: as the settings say.
    package init(_ configuration: Configuration, tcp: String? = nil) throws {
        environment = try Environment(
            configuration: configuration, metrics: try Metrics(runFolder: configuration.text(.runDirectory)))
        broker = configuration.broker
        let text = tcp ?? configuration.text(.tcpListen)
        endpoint = SettingForm.endpoint(text)
        guard text.isEmpty || endpoint != nil else {
            throw Failure(description: "--tcp: '\(text)' is not \(SettingForm.endpoint.description)")
        }
        guard broker != nil || endpoint != nil else {
            throw Failure(
                description:
                    "there is nothing to take messages from: set \(Setting.brokerURL.name) or \(Setting.tcpListen.name)"
            )
        }
    }

    /// Runs until SIGTERM or SIGINT, and until what is in hand by then has come to its end.
    package func run() throws {
        Heap.share()
        var signals = Signals([SIGTERM, SIGINT])
        try environment.stores.prepare()
        let ending = Ending()
        environment.recorder.start(environment)
        defer { environment.recorder.finish(environment) }
        let server = try endpoint.map { try startServer($0, ending) }
        if let broker { startWithBroker(broker, ending) }
        let tcp = endpoint.map { "\($0.host):\($0.port)" } ?? "none"
        environment.logger.notice(
            "bridge started", metadata: ["broker": "\(broker?.host ?? "none")", "tcp": "\(tcp)"])
        while signals.next(milliseconds: 60_000) == nil {}
        ending.begin()
        server?.stop()
        let limit = ContinuousClock.now + .seconds(environment.configuration.number(.drainTimeout))
        while ending.left > 0, .now < limit { usleep(20_000) }
        environment.logger.notice("bridge ended", metadata: ["unfinished": "\(ending.left)"])
    }

    private func startServer(_ endpoint: (host: String, port: Int), _ ending: Ending) throws -> NestServer {
        let environment = environment
        let configuration = environment.configuration
        let limits = NestServer.Limits(
            frameBytes: configuration.number(.messageBytes), connections: configuration.number(.tcpConnections),
            stall: configuration.number(.clientTimeout))
        let server = try NestServer(host: endpoint.host, port: endpoint.port, limits: limits) { event in
            switch event {
            case .refused(let peer):
                environment.logger.warning("too many TCP connections", metadata: ["peer": "\(peer)"])
            case .broken(let peer, let reason):
                environment.logger.notice(
                    "TCP connection closed", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
            }
        }
        for _ in 0..<configuration.number(.tcpThreads) {
            ending.enter()
            Thread.start("tcp") {
                let handler = NestHandler(environment)
                server.run { handler.answer($0, peer: $1) }
                ending.leave()
            }
        }
        return server
    }

    private func startWithBroker(_ broker: AMQPAddress, _ ending: Ending) {
        let environment = environment
        for _ in 0..<environment.configuration.number(.brokerConnections) {
            ending.enter()
            Thread.start("broker") {
                BrokerConsumer(environment, broker).run(ending)
                ending.leave()
            }
        }
        guard let exchange = environment.configuration.exchange else { return }
        ending.enter()
        Thread.start("events") {
            EventPublisher(environment, broker, exchange: exchange).run(ending)
            ending.leave()
        }
    }
}
