import Glibc
import Synchronization

/// A RabbitMQ of the tests' own, on a port of loopback.
package final class PrivateRabbitMQ: Sendable {
    package let port: Int
    package let tlsPort: Int
    package let certificate: Certificate
    private let folder: TemporaryFolder
    private let name: String
    private let distributionPort: Int
    private let process = Mutex<ChildProcess?>(nil)

    package init() throws {
        folder = try TemporaryFolder()
        port = try Port.free()
        tlsPort = try Port.free()
        distributionPort = try Port.free()
        certificate = try Certificate(in: folder.path)
        // Nodes of one host know each other by name.
        name = "media\(getpid())-\(port)@localhost"
        _ = try folder.file("plugins", Array("[].".utf8))
        let configuration = """
            listeners.tcp.1 = 127.0.0.1:\(port)
            listeners.ssl.1 = 127.0.0.1:\(tlsPort)
            ssl_options.certfile = \(certificate.certificate)
            ssl_options.keyfile = \(certificate.key)
            max_message_size = 536870912

            """
        _ = try folder.file("rabbitmq.conf", Array(configuration.utf8))
        try start()
    }

    deinit {
        stop()
    }

    package var url: String { "amqp://guest:guest@127.0.0.1:\(port)" }

    /// Starts the broker and waits until it takes connections.
    package func start() throws {
        let path = folder.path
        let server = try ChildProcess(
            "/usr/lib/rabbitmq/bin/rabbitmq-server", [],
            environment: [
                "HOME": path, "RABBITMQ_NODENAME": name, "RABBITMQ_MNESIA_BASE": "\(path)/mnesia",
                "RABBITMQ_LOG_BASE": "\(path)/log", "RABBITMQ_ENABLED_PLUGINS_FILE": "\(path)/plugins",
                "RABBITMQ_CONFIG_FILE": "\(path)/rabbitmq", "RABBITMQ_PID_FILE": "\(path)/pid",
                "RABBITMQ_DIST_PORT": String(distributionPort), "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            ], output: "\(path)/output", deathSignal: "TERM")
        process.withLock { $0 = server }
        let isUp = eventually(within: 90) { server.isRunning && (try? RawConnection(port: port, timeout: 1)) != nil }
        guard isUp else { throw TestFailure("RabbitMQ did not start; see \(path)/output") }
    }

    /// Shuts the broker down in order: what is durable stays.
    package func stop() {
        process.withLock { process in
            process?.stop(SIGTERM, within: 30)
            process = nil
        }
    }
}
