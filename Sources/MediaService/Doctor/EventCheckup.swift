import MediaCore
import MediaDatabase
import MediaMessaging

/// The broker, and whether events reach those who are sent them.
struct EventCheckup {
    /// Seconds; an event that waits longer is told of.
    private static let late = 600

    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    func findings() -> [Finding] { broker() + events() }

    private func broker() -> [Finding] {
        guard let address = configuration.broker else { return [] }
        do {
            _ = try AMQPConnection(
                address, heartbeat: configuration.number(.brokerHeartbeat), timeout: 5, maxBytes: 0)
            return [.ok("broker", "reachable at \(address.host):\(address.port)")]
        } catch {
            return [
                .fault(
                    "broker", "can't be used: \(error)",
                    mend: "Is RabbitMQ running, and are host, user and password of MEDIA_AMQP_URL right?")
            ]
        }
    }

    private func events() -> [Finding] {
        let connection = Connection(configuration.database)
        let limit = Clock.now().adding(seconds: -Self.late)
        do {
            let webhooks = try WebhookRepository(connection).all()
            var findings = webhooks.filter { $0.disabledAt != nil }.map { webhook in
                Finding.warning(
                    "events", "webhook \(webhook.id) (\(webhook.url)) is disabled and is sent nothing",
                    mend: "'mediad webhook enable \(webhook.id)', or remove it.")
            }
            let targets =
                [
                    (
                        OutboxRepository.exchange, "the broker",
                        "Is 'mediad bridge' running? Its log says what it can't do."
                    )
                ]
                + webhooks.map {
                    (
                        $0.id, "webhook \($0.id) (\($0.url))",
                        "'mediad webhook log \($0.id)' shows what its receiver answers."
                    )
                }
            for (id, name, mend) in targets {
                let waiting = try OutboxRepository(connection).waiting(id)
                guard let since = waiting.since, since < limit else { continue }
                let reason = try EventTargetRepository(connection).find(id)?.lastError.map { " (\($0))" } ?? ""
                findings.append(
                    .warning(
                        "events", "\(waiting.count) wait for \(name), the oldest since \(since.iso8601)\(reason)",
                        mend: mend))
            }
            return findings.isEmpty ? [.ok("events", "none waits for long")] : findings
        } catch {
            // Without its tables, or without a database, which other findings have said.
            return []
        }
    }
}
