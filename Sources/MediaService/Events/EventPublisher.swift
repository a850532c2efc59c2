import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaMessaging

/// Sends events to the broker's exchange: one connection, one thread. Of several bridges one does it at a time.
final class EventPublisher {
    /// Events of one transaction.
    private static let batch = 500

    private let context: Context
    private let address: AMQPAddress
    private let exchange: String

    init(_ environment: Environment, _ address: AMQPAddress, exchange: String) {
        context = Context(environment)
        self.address = address
        self.exchange = exchange
    }

    /// Runs until the process is to end.
    func run(_ ending: Ending) {
        var backOff = BackOff()
        while !ending.isNear {
            do {
                let connection = try AMQPConnection(
                    address, heartbeat: context.environment.configuration.number(.brokerHeartbeat), timeout: 10,
                    maxBytes: 0)
                try connection.ensureExchange(exchange)
                backOff.reset()
                while !ending.isNear {
                    if try publish(connection) == 0 { try connection.idle(milliseconds: 250) }
                }
            } catch {
                context.environment.metrics.add(.brokerLosses)
                context.logger.error("events wait for the broker", metadata: ["error": "\(error)"])
                backOff.failed()
                while !ending.isNear, !backOff.isOver { usleep(50_000) }
            }
        }
    }

    /// Sends the oldest events, and removes them once the broker has them. A crash in between sends them again.
    ///
    /// - Returns: how many.
    private func publish(_ connection: AMQPConnection) throws -> Int {
        guard try OutboxRepository(context.connection).isWaiting(OutboxRepository.exchange) else { return 0 }
        let count = try context.connection.transaction { database -> Int in
            let targets = EventTargetRepository(database)
            guard var state = try targets.claim(OutboxRepository.exchange, seconds: 120) else { return 0 }
            let outbox = OutboxRepository(database)
            let entries = try outbox.due(OutboxRepository.exchange, now: context.now(), limit: Self.batch)
            for entry in entries {
                let type = entry.event.kind.rawValue
                // As NestJS's transports write an event.
                try connection.publish(
                    exchange: exchange, key: type, messageID: entry.event.id, type: type,
                    Array(#"{"pattern":"\#(type)","data":\#(entry.event.data)}"#.utf8))
            }
            try connection.awaitConfirms()
            try outbox.remove(entries.map(\.id))
            state.deliveredAt = context.now()
            try targets.update(OutboxRepository.exchange, state)
            return entries.count
        }
        context.environment.metrics.add(.eventsPublished, count)
        return count
    }
}
