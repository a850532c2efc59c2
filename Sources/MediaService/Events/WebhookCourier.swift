import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Sends the events of one webhook, on one thread.
///
/// Events of one record go one after the other, and the later ones wait for one that the receiver doesn't take. What was answered
/// is written down at once: a courier that ends without that leaves it to be sent again.
final class WebhookCourier {
    /// Events that are read ahead.
    private static let batch = 100
    /// Events that are kept read ahead, at most.
    private static let maxWaiting = 1000
    /// Milliseconds between two looks at what has been answered.
    private static let pause = 100
    /// Seconds; the longest pause before one event is sent again that the receiver doesn't want.
    private static let longestPause = 6 * 3600
    /// Tries of one event after which it is what is wrong, where nothing speaks against that.
    private static let suspicion: Int64 = 3

    private let context: Context
    private let id: Int64
    private let poster: HTTPPoster
    private var lease: SendingLease
    /// Events to be sent, in order.
    private var waiting: [OutboxRepository.Entry] = []
    /// Events on their way, by tag.
    private var sending: [Int: OutboxRepository.Entry] = [:]
    private var tags = 0
    private var state = EventTargetRepository.State()
    /// Records of which an event has failed since the last success.
    private var faulty: Set<MediaID> = []
    /// When the outbox is looked at next.
    private var nextLook = ContinuousClock.now

    private var configuration: Configuration { context.environment.configuration }

    init(_ environment: Environment, _ id: Int64) throws {
        context = Context(environment)
        self.id = id
        poster = try HTTPPoster(milliseconds: environment.configuration.number(.webhookTimeout) * 1000)
        lease = SendingLease(id, context)
    }

    /// Runs until the webhook is gone or disabled, or the process is to end.
    func run(_ ending: Ending) {
        var backOff = BackOff()
        while !ending.isNear {
            do {
                guard let webhook = try current() else { break }
                let isIdle = try !lease.hold(context) || !round(webhook)
                backOff.reset()
                if isIdle { usleep(500_000) }
            } catch {
                context.logger.error("a webhook's events wait", metadata: ["webhook": "\(id)", "error": "\(error)"])
                abandon()
                backOff.failed()
                while !backOff.isOver, !ending.isNear { usleep(50_000) }
            }
        }
        finish()
    }

    private func current() throws -> WebhookRepository.Entry? {
        let webhook = try WebhookRepository(context.connection).find(id)
        return webhook?.disabledAt == nil ? webhook : nil
    }

    /// Forgets what is on its way: it will be sent again.
    private func abandon() {
        poster.cancel()
        sending = [:]
        waiting = []
    }

    /// Waits for the answers that are still to come, and lets others go on.
    private func finish() {
        waiting = []
        let end = ContinuousClock.now + .seconds(configuration.number(.drainTimeout))
        do {
            while !sending.isEmpty, .now < end { try write(answers()) }
            try lease.release(context)
        } catch {
            context.logger.warning(
                "a webhook's events will be sent again", metadata: ["webhook": "\(id)", "error": "\(error)"])
        }
    }

    // MARK: Sending

    /// Sends what may be sent, and takes what has been answered.
    ///
    /// - Returns: whether there was anything to do.
    private func round(_ webhook: WebhookRepository.Entry) throws -> Bool {
        try look()
        while let index = nextIndex() { try start(waiting.remove(at: index), webhook) }
        if sending.isEmpty { return false }
        try write(answers())
        return true
    }

    /// Reads events ahead, where none of those that were read can go out.
    private func look() throws {
        guard waiting.allSatisfy({ isHeld($0) }), waiting.count < Self.maxWaiting, nextLook <= .now else { return }
        let outbox = OutboxRepository(context.connection)
        guard try outbox.isWaiting(id) else { return }
        if sending.isEmpty { state = try EventTargetRepository(context.connection).find(id) ?? state }
        guard state.retryAt.map({ $0 <= context.now() }) ?? true else { return }
        // Of a record that is on its way all that is wanted waits here, or is read when that is done.
        let busy = Set(sending.values.map(\.event.mediaID) + waiting.map(\.event.mediaID))
        let due = try outbox.due(id, now: context.now(), limit: Self.batch, besides: busy)
        // Where very many wait for a refused one, to look for others takes its time.
        if due.isEmpty { nextLook = .now + .milliseconds(500) }
        waiting += due
    }

    /// Whether an event of its record is on its way.
    private func isHeld(_ entry: OutboxRepository.Entry) -> Bool {
        sending.values.contains { $0.event.mediaID == entry.event.mediaID }
    }

    /// The next event that may go out. A receiver that fails is asked with one only, and not always with the same.
    private func nextIndex() -> Int? {
        guard state.retryAt.map({ $0 <= context.now() }) ?? true else { return nil }
        if state.failures == 0 {
            guard sending.count < configuration.number(.webhookConnections) else { return nil }
            return waiting.firstIndex { !isHeld($0) }
        }
        guard sending.isEmpty else { return nil }
        var seen: Set<MediaID> = []
        return waiting.indices.filter { seen.insert(waiting[$0].event.mediaID).inserted }
            .min { waiting[$0].attempts < waiting[$1].attempts }
    }

    private func start(_ entry: OutboxRepository.Entry, _ webhook: WebhookRepository.Entry) throws {
        let message = WebhookMessage(entry.event)
        let now = context.now()
        tags += 1
        sending[tags] = entry
        try poster.start(
            webhook.url, fields: message.fields(webhook.secrets(now), now: now), body: message.body, tag: tags)
    }

    private struct Result {
        let entry: OutboxRepository.Entry
        let answer: HTTPPoster.Answer
        let at: Timestamp

        var fault: WebhookFault? { WebhookFault(answer) }
    }

    /// What is answered by now, or soon.
    private func answers() throws -> [Result] {
        var results: [Result] = []
        var milliseconds = Self.pause
        while let answer = try poster.next(milliseconds: milliseconds) {
            guard let entry = sending.removeValue(forKey: answer.tag) else { continue }
            results.append(Result(entry: entry, answer: answer, at: context.now()))
            // What else has come meanwhile is written down together with it.
            milliseconds = 0
        }
        return results
    }

    // MARK: What has come of it

    private func write(_ results: [Result]) throws {
        if results.isEmpty { return }
        var pauses: [(id: Int64, until: Timestamp?)] = []
        for result in results {
            if let fault = result.fault { pauses.append((result.entry.id, note(fault, result))) } else { noteSuccess() }
        }
        let isGone = results.contains { $0.fault == .gone }
        let delivered = results.filter { $0.fault == nil }
        let deliveries = results.map(delivery)
        let isMine = try lease.settle(context) { [state] connection in
            let outbox = OutboxRepository(connection)
            try outbox.settle(delivered.map(\.entry.id), now: context.now())
            for pause in pauses { try outbox.fail(pause.id, until: pause.until) }
            try WebhookRepository(connection).add(deliveries)
            try EventTargetRepository(connection).update(id, state)
        }
        // What isn't delivered comes again, the later ones of its record behind it.
        let failed = Set(results.filter { $0.fault != nil }.map(\.entry.event.mediaID))
        waiting.removeAll { failed.contains($0.event.mediaID) }
        if !isMine { return abandon() }
        tell(results, delivered.count)
        if isGone { try disable() }
    }

    private func tell(_ results: [Result], _ delivered: Int) {
        let failed = results.count - delivered
        context.environment.metrics.add(.webhooksDelivered, delivered)
        context.environment.metrics.add(.webhooksFailed, failed)
        guard failed > 0 else { return }
        context.logger.warning(
            "a webhook's receiver doesn't take events",
            metadata: ["webhook": "\(id)", "failed": "\(failed)", "reason": "\(state.lastError ?? "")"])
    }

    /// Alone: whoever changes a record waits for this row.
    private func disable() throws {
        let isKnown = try context.connection.transaction {
            try WebhookRepository($0).setDisabled(id, at: context.now())
        }
        if isKnown {
            context.logger.error("a webhook is disabled: its receiver is gone", metadata: ["webhook": "\(id)"])
        }
    }

    private func noteSuccess() {
        faulty = []
        state.failures = 0
        state.deliveredAt = context.now()
    }

    /// Decides whether an event has failed for its own sake or for the receiver's.
    ///
    /// - Returns: until when the event waits, and the later ones of its record; nil: it doesn't by itself.
    private func note(_ fault: WebhookFault, _ result: Result) -> Timestamp? {
        state.lastError = WebhookFault.reason(result.answer)
        faulty.insert(result.entry.event.mediaID)
        let longest = configuration.number(.webhookPause)
        if fault == .busy {
            let wanted = min(max(result.answer.retryAfter, 1), longest)
            state.retryAt = max(state.retryAt ?? context.now(), context.now().adding(seconds: wanted))
            return nil
        }
        let isAlone = faulty.count == 1
        // One event that is refused, or fails again and again while nothing else does, is what is wrong.
        if isAlone, fault == .event || result.entry.attempts >= Self.suspicion {
            return pause(result.entry.attempts, longest: fault == .event ? Self.longestPause : longest)
        }
        state.retryAt = pause(state.failures, longest: longest)
        state.failures += 1
        return nil
    }

    /// The end of a pause: of a second, doubled with each failure, and up to a fifth longer so that not all come at once.
    private func pause(_ failures: Int64, longest: Int) -> Timestamp {
        let seconds =
            min(Double(longest), Double(1 << min(failures, 30))) * Double.random(in: 1...1.2, using: &context.random)
        return Timestamp(milliseconds: context.now().milliseconds + Int64(seconds * 1000))
    }

    private func delivery(_ result: Result) -> WebhookRepository.Delivery {
        let event = result.entry.event
        return WebhookRepository.Delivery(
            webhookID: id, eventID: event.id, kind: event.kind.rawValue, mediaID: event.mediaID.rawValue,
            at: result.at, attempt: result.entry.attempts + 1, milliseconds: Int64(result.answer.milliseconds),
            status: result.answer.status,
            error: result.fault == nil ? nil : WebhookFault.reason(result.answer))
    }
}
