import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// Sends the events of one webhook, on one thread.
///
/// What it has in hand is locked by its transaction: where it ends without a commit, the events are sent again. Events of one
/// record go one after the other, and the later ones wait for one that the receiver doesn't take.
final class WebhookCourier {
    /// Events of one transaction.
    private static let batch = 100
    /// For which a transaction begins to send; then it waits for the answers.
    private static let time = Duration.seconds(10)
    /// Seconds; the longest pause before one event is sent again that the receiver doesn't want.
    private static let longestPause = 6 * 3600

    private let context: Context
    private let id: Int64
    private let poster: HTTPPoster

    private var configuration: Configuration { context.environment.configuration }

    init(_ environment: Environment, _ id: Int64) throws {
        context = Context(environment)
        self.id = id
        poster = try HTTPPoster(milliseconds: environment.configuration.number(.webhookTimeout) * 1000)
    }

    /// Runs until the webhook is gone or disabled.
    func run() {
        var backOff = BackOff()
        while true {
            do {
                let webhook = try WebhookRepository(context.connection).find(id)
                guard let webhook, webhook.disabledAt == nil else { return }
                let isIdle = try !OutboxRepository(context.connection).isWaiting(id) || !round()
                backOff.reset()
                if isIdle { usleep(500_000) }
            } catch {
                context.logger.error("a webhook's events wait", metadata: ["webhook": "\(id)", "error": "\(error)"])
                backOff.failed()
                while !backOff.isOver { usleep(50_000) }
            }
        }
    }

    /// Sends what is due.
    ///
    /// - Returns: whether anything was sent.
    func round() throws -> Bool {
        try context.connection.transaction { connection in
            let targets = EventTargetRepository(connection)
            guard var state = try targets.claim(id, seconds: 60 + configuration.number(.webhookTimeout)),
                state.retryAt.map({ $0 <= context.now() }) ?? true,
                let webhook = try WebhookRepository(connection).find(id), webhook.disabledAt == nil
            else { return false }
            let due = try OutboxRepository(connection).due(id, now: context.now(), limit: Self.batch)
            guard !due.isEmpty else { return false }
            // One that has failed is asked with one event only, and not always with the same.
            let isTrying = state.failures > 0
            let results = try send(
                isTrying ? [Self.firsts(due).min { $0.attempts < $1.attempts } ?? due[0]] : due, webhook)
            try write(results, &state, connection)
            try targets.update(id, state)
            return true
        }
    }

    /// Of each record the first event.
    private static func firsts(_ entries: [OutboxRepository.Entry]) -> [OutboxRepository.Entry] {
        var seen: Set<MediaID> = []
        return entries.filter { seen.insert($0.event.mediaID).inserted }
    }

    // MARK: Sending

    private struct Result {
        let entry: OutboxRepository.Entry
        let answer: HTTPPoster.Answer
        let at: Timestamp

        var fault: WebhookFault? { WebhookFault(answer) }
    }

    /// Sends events, of each record one at a time, until all are answered or the receiver fails.
    private func send(_ entries: [OutboxRepository.Entry], _ webhook: WebhookRepository.Entry) throws -> [Result] {
        // What an earlier round may have left that did not come to its end.
        poster.cancel()
        var results: [Result] = []
        // Of a record on its way, or one whose event wasn't taken: the later ones wait.
        var held: Set<MediaID> = []
        var waiting = Array(entries.indices)
        var isFailing = false
        let end = ContinuousClock.now + Self.time
        while true {
            let limit = configuration.number(.webhookConnections)
            while !isFailing, end > .now, poster.count < limit,
                let place = waiting.firstIndex(where: { !held.contains(entries[$0].event.mediaID) })
            {
                let index = waiting.remove(at: place)
                let message = WebhookMessage(entries[index].event)
                let now = context.now()
                held.insert(entries[index].event.mediaID)
                try poster.start(
                    webhook.url, fields: message.fields(webhook.secrets(now), now: now), body: message.body, tag: index)
            }
            guard let answer = try poster.next() else { return results }
            let result = Result(entry: entries[answer.tag], answer: answer, at: context.now())
            results.append(result)
            switch result.fault {
            case nil: held.remove(result.entry.event.mediaID)
            case .event: break
            case .receiver, .gone: isFailing = true
            }
        }
    }

    // MARK: What has come of it

    private func write(
        _ results: [Result], _ state: inout EventTargetRepository.State, _ connection: Connection
    ) throws(MariaDBError) {
        let outbox = OutboxRepository(connection)
        let webhooks = WebhookRepository(connection)
        let delivered = results.filter { $0.fault == nil }
        let failed = results.filter { $0.fault != nil }
        try outbox.settle(delivered.map(\.entry.id), now: context.now())
        for result in failed {
            // Where nothing comes through, it isn't the event's fault: the pause of the receiver is enough.
            let isReceivers = delivered.isEmpty && result.fault != .event
            let end = pause(result.entry.attempts, longest: Self.longestPause)
            try outbox.fail(result.entry.id, until: isReceivers ? nil : end)
        }
        try webhooks.add(results.map(delivery))
        context.environment.metrics.add(.webhooksDelivered, delivered.count)
        context.environment.metrics.add(.webhooksFailed, failed.count)
        if let last = failed.last {
            state.lastError = Self.reason(last)
            context.logger.warning(
                "a webhook's receiver doesn't take events",
                metadata: ["webhook": "\(id)", "failed": "\(failed.count)", "reason": "\(state.lastError ?? "")"])
        }
        if failed.contains(where: { $0.fault == .gone }), try webhooks.setDisabled(id, at: context.now()) {
            context.logger.error("a webhook is disabled: its receiver is gone", metadata: ["webhook": "\(id)"])
        }
        if !delivered.isEmpty || !failed.contains(where: { $0.fault == .receiver }) {
            state.failures = 0
            state.retryAt = nil
        } else {
            state.retryAt = pause(state.failures, longest: configuration.number(.webhookPause))
            if let wanted = failed.map(\.answer.retryAfter).max(), wanted > 0 {
                let longest = configuration.number(.webhookPause)
                state.retryAt = max(state.retryAt ?? context.now(), context.now().adding(seconds: min(wanted, longest)))
            }
            state.failures += 1
        }
        if !delivered.isEmpty { state.deliveredAt = context.now() }
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
            webhookID: id, eventID: event.id, kind: event.kind.rawValue, mediaID: event.mediaID.rawValue, at: result.at,
            attempt: result.entry.attempts + 1, milliseconds: Int64(result.answer.milliseconds),
            status: result.answer.status, error: result.fault == nil ? nil : Self.reason(result))
    }

    private static func reason(_ result: Result) -> String { WebhookFault.reason(result.answer) }
}

/// Why an event wasn't delivered.
enum WebhookFault: Equatable {
    /// The receiver doesn't want this one.
    case event
    /// The receiver takes none now.
    case receiver
    /// There is no receiver any more.
    case gone

    /// - Returns: nil for an answer that says that the event was taken.
    init?(_ answer: HTTPPoster.Answer) {
        switch answer.status {
        case .some(200..<300): return nil
        case 410: self = .gone
        case nil, 408, 425, 429, .some(500...): self = .receiver
        default: self = .event
        }
    }

    /// In words, up to what a column holds.
    static func reason(_ answer: HTTPPoster.Answer) -> String {
        guard let status = answer.status else { return TextRules.prefix(answer.failure ?? "no answer", 500) }
        let text = String(decoding: answer.head, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
        return TextRules.prefix("answers \(status)\(text.isEmpty ? "" : ": \(text)")", 500)
    }
}
