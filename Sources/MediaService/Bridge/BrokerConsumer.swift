import Crypto
import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaMessaging

/// Carries out the messages of a broker's queue, one after the other: one connection, one thread.
///
/// A message is acknowledged when what it asks for is done and durable and its answer is sent. One that comes again, since the
/// bridge or the broker went away before that, is answered as it was, and has no second effect.
final class BrokerConsumer {
    private let context: Context
    private let address: AMQPAddress
    private let caller = Context.platform("amqp")

    private var configuration: Configuration { context.environment.configuration }
    private var metrics: Metrics { context.environment.metrics }

    init(_ environment: Environment, _ address: AMQPAddress) {
        context = Context(environment)
        self.address = address
    }

    /// Runs until the process is to end; what is in hand by then comes to its end.
    func run(_ ending: Ending) {
        var backOff = BackOff()
        while !ending.isNear {
            do {
                let connection = try connect()
                let start = ContinuousClock.now
                context.logger.notice("connected to the broker", metadata: ["host": "\(address.host)"])
                while !ending.isNear {
                    let message = try connection.next(milliseconds: 250)
                    if let message { try take(message, connection) }
                    // One that breaks again and again is not made anew at once.
                    if message != nil || start.duration(to: .now) > .seconds(10) { backOff.reset() }
                }
                try connection.flush()
            } catch {
                metrics.add(.brokerLosses)
                context.logger.error("the broker is lost; trying again", metadata: ["error": "\(error)"])
                backOff.failed()
                while !ending.isNear, !backOff.isOver { usleep(50_000) }
            }
        }
    }

    private func connect() throws -> AMQPConnection {
        let connection = try AMQPConnection(
            address, heartbeat: configuration.number(.brokerHeartbeat), timeout: 10,
            maxBytes: configuration.number(.messageBytes))
        try connection.ensure(configuration.text(.brokerDeadQueue))
        try connection.consume(
            configuration.text(.brokerQueue),
            arguments: SettingForm.arguments(configuration.text(.brokerQueueArguments)) ?? [],
            prefetch: configuration.number(.brokerPrefetch))
        return connection
    }

    // MARK: One message

    private func take(_ message: AMQPMessage, _ connection: AMQPConnection) throws {
        context.requestID = ""
        let packet: RPCPacket
        do {
            packet = try read(message)
        } catch {
            let problem = ProblemMapping.problem(for: error, context)
            try giveUp(message, problem.detail, connection)
            try answer(message, RPC.failure(problem, id: nil), connection)
            return try connection.acknowledge(message.tag)
        }
        context.begin(packet, from: "")
        // Those before it don't wait until this one is done, unless that is soon.
        if !RPC.quick.contains(packet.pattern) { try connection.flush() }
        let digest = message.isRedelivered ? Array(SHA256.hash(data: message.body)) : []
        if message.isRedelivered, isHopeless(digest) {
            let problem = Problem.unavailable("The message was begun too often without coming to an end.")
            try giveUp(message, problem.detail, connection)
            if let id = packet.id { try answer(message, RPC.failure(problem, id: id), connection) }
            return try connection.acknowledge(message.tag)
        }
        let outcome = RPC.run(
            packet, caller,
            RPCDelivery(key: key(packet, message), isFirst: !message.isRedelivered, message: message.body), context)
        if let problem = outcome.problem, isToComeAgain(problem, packet) {
            // What another try is at is no fault of the message.
            if problem.code == .idempotencyInProgress, message.isRedelivered { forget(digest) }
            // Slowly: what is in its way doesn't go sooner when it is asked for more often.
            usleep(500_000)
            return try connection.requeue(message.tag)
        }
        if let packet = outcome.answer { try answer(message, packet, connection) }
        try connection.acknowledge(message.tag)
        if message.isRedelivered { forget(digest) }
    }

    private func read(_ message: AMQPMessage) throws -> RPCPacket {
        guard message.size == UInt64(message.body.count) else {
            throw Problem.tooLarge(
                "message", limit: Int64(configuration.number(.messageBytes)), "\(message.size) bytes are too many")
        }
        return try RPCPacket(RPCPacket.parse(message.body))
    }

    /// The same for a message whenever it comes. Ids are its sender's: together with where the answer goes they name one.
    private func key(_ packet: RPCPacket, _ message: AMQPMessage) -> IdempotencyKey? {
        guard let id = packet.id else { return nil }
        let name =
            Array(id.text.utf8) + [0] + message.correlationID + [0] + message.replyTo + Array(packet.pattern.utf8)
        return IdempotencyKey(field: Hex.encode(Array(SHA256.hash(data: name))))
    }

    /// An event is nobody's to send again, and the same message may still be in another thread's hands.
    private func isToComeAgain(_ problem: Problem, _ packet: RPCPacket) -> Bool {
        problem.code == .idempotencyInProgress || (packet.id == nil && problem.status >= 500)
    }

    /// Whether a message was begun too often already: it may be what the bridge dies of.
    private func isHopeless(_ digest: [UInt8]) -> Bool {
        do {
            let count = try context.connection.transaction {
                try RedeliveryRepository($0).count(digest, now: context.now())
            }
            // The first delivery isn't counted.
            return count >= configuration.number(.brokerDeliveries)
        } catch {
            // That MariaDB is away the message's own answer says.
            context.logger.warning("a redelivery isn't counted", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// The bridge hasn't died of it.
    private func forget(_ digest: [UInt8]) {
        do {
            try context.connection.transaction { try RedeliveryRepository($0).forget(digest) }
        } catch {
            // Then it counts as one that did, until housekeeping forgets it.
            context.logger.warning("a redelivery stays counted", metadata: ["error": "\(error)"])
        }
    }

    private func giveUp(_ message: AMQPMessage, _ reason: String, _ connection: AMQPConnection) throws {
        metrics.add(.messagesDead)
        context.logger.error(
            "a message is given up",
            metadata: [
                "reason": "\(reason)", "correlationId": "\(String(decoding: message.correlationID, as: UTF8.self))",
            ])
        // Of one that is too long only the start is here.
        let isWhole = message.size == UInt64(message.body.count)
        try connection.publishConfirmed(
            key: configuration.text(.brokerDeadQueue), correlationID: message.correlationID,
            reason: TextRules.prefix(reason, 1000), isWhole ? message.body : Array(message.body.prefix(65536)))
    }

    private func answer(_ message: AMQPMessage, _ packet: JSON, _ connection: AMQPConnection) throws {
        guard !message.replyTo.isEmpty else { return }
        try connection.answer(to: message.replyTo, correlationID: message.correlationID, packet.bytes)
    }
}
