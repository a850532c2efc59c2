import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaMessaging

/// Sends events to the broker's exchange: one connection, one thread. Of several bridges one does it at a time.
final class EventPublisher {
    /// Events whose confirms are waited for together.
    private static let batch = 500
    /// Seconds; the longest pause after failures. A queue that takes no more has the broker refuse an event that other queues
    /// have got, so each try is one more message there.
    private static let longestPause = 300

    private let context: Context
    private let address: AMQPAddress
    private let exchange: String
    private var lease: SendingLease
    private var state = EventTargetRepository.State()

    init(_ environment: Environment, _ address: AMQPAddress, exchange: String) {
        context = Context(environment)
        self.address = address
        self.exchange = exchange
        lease = SendingLease(OutboxRepository.exchange, context)
    }

    /// Runs until the process is to end.
    func run(_ ending: Ending) {
        var backOff = BackOff()
        while !ending.isNear {
            do {
                let connection = try connect()
                while !ending.isNear {
                    let count = try publish(connection)
                    if count > 0 { backOff.reset() } else { try connection.idle(milliseconds: 250) }
                }
            } catch {
                context.environment.metrics.add(.brokerLosses)
                context.logger.error("events wait for the broker", metadata: ["error": "\(error)"])
                backOff.failed()
                while !ending.isNear, !backOff.isOver { usleep(50_000) }
            }
        }
        do {
            try lease.release(context)
        } catch {
            context.logger.warning("another bridge sends events a little later", metadata: ["error": "\(error)"])
        }
    }

    private func connect() throws -> AMQPConnection {
        let connection = try AMQPConnection(
            address, heartbeat: context.environment.configuration.number(.brokerHeartbeat), timeout: 10, maxBytes: 0)
        try connection.ensureExchange(exchange)
        return connection
    }

    /// Sends the oldest events, and removes them once the broker has them. A crash in between sends them again.
    ///
    /// - Returns: how many.
    private func publish(_ connection: AMQPConnection) throws -> Int {
        let outbox = OutboxRepository(context.connection)
        guard try outbox.isWaiting(OutboxRepository.exchange), try lease.hold(context) else { return 0 }
        state = try EventTargetRepository(context.connection).find(OutboxRepository.exchange) ?? state
        guard state.retryAt.map({ $0 <= context.now() }) ?? true else { return 0 }
        // What the broker has refused is tried alone.
        let limit = state.failures > 0 ? 1 : Self.batch
        let entries = try outbox.due(OutboxRepository.exchange, now: context.now(), limit: limit)
        do {
            try send(entries, connection)
        } catch {
            try fail(error)
            throw error
        }
        let isMine = try lease.settle(context) { database in
            try OutboxRepository(database).remove(entries.map(\.id))
            var state = EventTargetRepository.State()
            state.deliveredAt = context.now()
            try EventTargetRepository(database).update(OutboxRepository.exchange, state)
        }
        if isMine { context.environment.metrics.add(.eventsPublished, entries.count) }
        return entries.count
    }

    private func send(_ entries: [OutboxRepository.Entry], _ connection: AMQPConnection) throws(AMQPError) {
        for entry in entries {
            let type = entry.event.kind.rawValue
            // As NestJS's transports write an event.
            try connection.publish(
                exchange: exchange, key: type, messageID: entry.event.id, type: type,
                Array(#"{"pattern":"\#(type)","data":\#(entry.event.data)}"#.utf8))
        }
        try connection.awaitConfirms()
    }

    private func fail(_ error: AMQPError) throws {
        state.lastError = TextRules.prefix("\(error)", 500)
        state.retryAt = context.now().adding(seconds: min(Self.longestPause, 1 << min(state.failures, 20)))
        state.failures += 1
        try lease.settle(context) { [state] in try EventTargetRepository($0).update(OutboxRepository.exchange, state) }
    }
}
