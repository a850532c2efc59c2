package import MediaCore
package import MediaDatabase
import MediaStorage

/// Adds, lists, tries and removes those who are sent events by HTTP.
package struct ManageWebhooks {
    /// What is wrong with an order.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// A webhook and how it goes with it.
    package struct Report {
        package var webhook: WebhookRepository.Entry
        package var state: EventTargetRepository.State
        package var waiting: (count: Int64, since: Timestamp?)
    }

    private let context: Context

    package init(context: Context) {
        self.context = context
    }

    /// - Parameters:
    ///   - kinds: empty: all.
    ///   - allowsHTTP: whether a URL with `http` may be one of another host.
    /// - Returns: its id, and its secret as receivers are told it.
    package func add(
        _ url: String, kinds: [MediaEvent.Kind], allowsHTTP: Bool
    ) throws -> (id: Int64, secret: String) {
        if let fault = OutsideURL.fault(in: url) { throw Fault(description: "the URL \(fault)") }
        if !allowsHTTP, !url.lowercased().hasPrefix("https://"), !Configuration.isLocal(url) {
            throw Fault(
                description: "over http anybody on the way could read the events; use https, or say --allow-http")
        }
        let secret = context.randomBytes(WebhookMessage.secretBytes)
        let id = try context.connection.transaction { connection in
            let id = try WebhookRepository(connection).insert(
                url: url, kinds: kinds, secret: secret, now: context.now())
            try EventTargetRepository(connection).insert(id)
            try context.audit(
                .addWebhook, Caller.operator.name, detail: TextRules.prefix("webhook \(id): \(Self.shown(url))", 500),
                connection)
            return id
        }
        return (id, WebhookMessage.text(ofSecret: secret))
    }

    package func list() throws -> [Report] {
        let connection = context.connection
        return try WebhookRepository(connection).all().map { webhook in
            Report(
                webhook: webhook, state: try EventTargetRepository(connection).find(webhook.id) ?? .init(),
                waiting: try OutboxRepository(connection).waiting(webhook.id))
        }
    }

    /// Removes a webhook, with the events that wait for it.
    package func remove(_ id: Int64) throws {
        // By itself: whoever changes a record waits for this row. What is left if the rest fails is housekeeping's.
        try change(id, .removeWebhook) { try WebhookRepository($0).remove(id) }
        // No event is added any more.
        while case let count = try context.connection.transaction({
            try OutboxRepository($0).removeAll(of: id, limit: 5000)
        }), count > 0 {}
        try context.connection.transaction { try EventTargetRepository($0).remove(id) }
    }

    /// - Parameter isEnabled: whether it is sent what happens from now on.
    package func set(_ id: Int64, isEnabled: Bool) throws {
        try change(id, isEnabled ? .enableWebhook : .disableWebhook) { connection in
            try WebhookRepository(connection).setDisabled(id, at: isEnabled ? nil : context.now())
        }
        if isEnabled { try retry(id) }
    }

    /// Has all that waits be tried at once.
    package func retry(_ id: Int64) throws {
        _ = try webhook(id)
        try context.connection.transaction { connection in
            try OutboxRepository(connection).hurry(id)
            try EventTargetRepository(connection).hurry(id)
        }
    }

    /// Signs with a new secret from now on, and with the one before, too, for a day.
    ///
    /// - Returns: the new one, as receivers are told it.
    package func rotate(_ id: Int64) throws -> String {
        let secret = context.randomBytes(WebhookMessage.secretBytes)
        try change(id, .rotateWebhook) { connection in
            try WebhookRepository(connection).rotate(id, to: secret, until: context.now().adding(seconds: 86400))
        }
        return WebhookMessage.text(ofSecret: secret)
    }

    /// Sends settled events once more.
    ///
    /// - Returns: how many.
    package func replay(_ id: Int64, _ choice: OutboxRepository.Choice) throws -> Int {
        try change(id, .replayEvents) { try WebhookRepository($0).find(id) != nil }
        var count = 0
        var last: Int64? = 0
        while let from = last {
            let step = try context.connection.transaction {
                try OutboxRepository($0).replay(choice, of: id, after: from, limit: 1000, now: context.now())
            }
            last = step.last
            count += step.count
        }
        return count
    }

    package func deliveries(_ id: Int64, onlyFailed: Bool, limit: Int) throws -> [WebhookRepository.Delivery] {
        _ = try webhook(id)
        return try WebhookRepository(context.connection).deliveries(id, onlyFailed: onlyFailed, limit: limit)
    }

    /// Sends an event of the type `webhook.test` now, whatever else waits.
    ///
    /// - Returns: what came of it, in words.
    package func test(_ id: Int64) throws -> (isTaken: Bool, text: String) {
        let webhook = try webhook(id)
        let now = context.now()
        let message = WebhookMessage(
            id: "evt_" + Hex.encode(context.randomBytes(16)), type: "webhook.test", at: now,
            data: #"{"webhook":\#(id)}"#)
        let poster = try HTTPPoster(
            milliseconds: context.environment.configuration.number(.webhookTimeout) * 1000)
        try poster.start(
            webhook.url, fields: message.fields(webhook.secrets(now), now: now), body: message.body, tag: 0)
        guard let answer = try poster.next() else { throw Fault(description: "libcurl has no answer") }
        let text = "\(WebhookFault.reason(answer)) (after \(answer.milliseconds) ms)"
        return (WebhookFault(answer) == nil, text)
    }

    private func webhook(_ id: Int64) throws -> WebhookRepository.Entry {
        guard let webhook = try WebhookRepository(context.connection).find(id) else { throw Self.unknown(id) }
        return webhook
    }

    /// A URL without its query, which may hold a secret of the receiver's.
    private static func shown(_ url: String) -> String {
        let end = url.firstIndex { $0 == "?" || $0 == "#" }
        return end.map { "\(url[..<$0])?…" } ?? url
    }

    private static func unknown(_ id: Int64) -> Fault {
        Fault(description: "there is no webhook \(id); 'mediad webhook list' shows them")
    }

    /// - Parameter body: returns whether there is such a webhook.
    private func change(_ id: Int64, _ action: AuditAction, _ body: (Connection) throws -> Bool) throws {
        try context.connection.transaction { connection in
            guard try body(connection) else { throw Self.unknown(id) }
            try context.audit(action, Caller.operator.name, detail: "webhook \(id)", connection)
        }
    }
}
