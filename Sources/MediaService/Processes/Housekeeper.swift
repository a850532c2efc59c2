import Glibc
import Logging
import MediaHTTP
import MediaCore
import MediaDatabase
import MediaStorage

/// `mediad work`: looks, again and again, for what a crash left behind, sends events to webhooks, and hashes large bodies while
/// they arrive.
package struct Housekeeper {
    private let context: Context
    private let interval: Int
    private let runFolder: String

    package init(_ configuration: Configuration) throws {
        let environment = try Environment(
            configuration: configuration, metrics: try Metrics(runFolder: configuration.text(.runDirectory)))
        context = Context(environment)
        interval = configuration.number(.housekeepingInterval)
        runFolder = configuration.text(.runDirectory)
    }

    /// Runs until SIGTERM or SIGINT.
    package func run() {
        var signals = Signals([SIGTERM, SIGINT])
        context.logger.notice("housekeeping started")
        startDigester()
        WebhookDispatcher.start(context.environment)
        while true {
            do {
                _ = try once()
            } catch {
                context.logger.error("housekeeping failed and goes on", metadata: ["error": "\(error)"])
            }
            if signals.next(milliseconds: interval * 1000) != nil { return }
        }
    }

    /// Hashes ahead on a thread of its own; where another process on this host does, there is nothing to do.
    private func startDigester() {
        let environment = context.environment
        let runFolder = runFolder
        Thread.start {
            while true {
                do {
                    let digester = try IncomingDigester(environment.storage, runFolder: runFolder)
                    while true { digester.work(milliseconds: 1000) }
                } catch {
                    environment.logger.notice("not hashing ahead now", metadata: ["error": "\(error)"])
                    sleep(30)
                }
            }
        }
    }

    /// Links that ended a day ago: until then who uses one is told that it has expired.
    private func removeExpiredLinks() throws -> Int {
        let moment = context.now().adding(seconds: -86400)
        return try context.connection.transaction {
            try SignedLinkRepository($0).removeExpired(before: moment, limit: 10000)
        }
    }

    /// The sum of all files is kept while it has a limit only.
    private func forgetTotal() throws -> Int {
        guard !CountUsage(environment: context.environment).totalQuota.isLimited else { return 0 }
        return try context.connection.transaction { try UsageRepository($0).forgetTotal() }
    }

    /// Answers that are kept no longer. They may be large, so not too many go in one transaction.
    private func removeExpiredAnswers() throws -> Int {
        try removeInParts(olderThan: .idempotencyTime, 500) { moment, limit, connection in
            try IdempotencyRepository(connection).removeExpired(before: moment, limit: limit)
        }
    }

    private func forgetRedeliveries() throws -> Int {
        try removeInParts(olderThan: .idempotencyTime, 5000) { moment, limit, connection in
            try RedeliveryRepository(connection).removeExpired(before: moment, limit: limit)
        }
    }

    private func pruneAudit() throws -> Int {
        try removeInParts(olderThan: .auditRetention, 5000) { moment, limit, connection in
            try AuditRepository(connection).prune(before: moment, limit: limit)
        }
    }

    /// Events that could not be delivered in all their time, and what is kept no longer of those that were settled.
    private func pruneEvents() throws -> Int {
        let time = context.environment.configuration.number(.eventTime)
        var count = 0
        for target in try [OutboxRepository.exchange] + WebhookRepository(context.connection).all().map(\.id) {
            let givenUp = try removeInParts(olderThan: .eventTime, 1000) { moment, limit, connection in
                try OutboxRepository(connection).giveUp(target, before: moment, now: context.now(), limit: limit)
            }
            if givenUp > 0 {
                context.environment.metrics.add(.eventsGivenUp, givenUp)
                context.logger.error(
                    "events are given up: they could not be delivered",
                    metadata: ["target": "\(target)", "count": "\(givenUp)", "seconds": "\(time)"])
            }
            count += try removeInParts(olderThan: .eventTime, 5000) { moment, limit, connection in
                try OutboxRepository(connection).prune(target, before: moment, limit: limit)
            }
        }
        return try count
            + removeInParts(olderThan: .eventTime, 5000) { moment, limit, connection in
                try WebhookRepository(connection).pruneDeliveries(before: moment, limit: limit)
            }
    }

    /// Removes what is older than a setting says, in short transactions, and no more than twenty of them in a round.
    ///
    /// - Parameter remove: removes up to so many, and returns how many it were.
    private func removeInParts(
        olderThan setting: Setting, _ limit: Int, _ remove: (Timestamp, Int, Connection) throws -> Int
    ) throws -> Int {
        let moment = context.now().adding(seconds: -context.environment.configuration.number(setting))
        var count = 0
        for _ in 0..<20 {
            let removed = try context.connection.transaction { try remove(moment, limit, $0) }
            count += removed
            if removed < limit { break }
        }
        return count
    }

    /// One round.
    ///
    /// - Returns: how many things were settled.
    package func once() throws -> Int {
        try context.environment.storage.prepare()
        let publications = Result { try SettlePublications(context: context).run() }
        let uploads = Result { try SettleUploads(context: context).run() }
        let purged = Result { try PurgeMedia(context: context).run() }
        let staged = Result { try StageFile(context: context).removeExpired() }
        let entities = Result { try ManageEntities(context: context).run() }
        let versions = Result { try ManageVersions(context: context).purge() }
        let total = Result { try forgetTotal() }
        let links = Result { try removeExpiredLinks() }
        let answers = Result { try removeExpiredAnswers() }
        let redeliveries = Result { try forgetRedeliveries() }
        let entries = Result { try pruneAudit() }
        let events = Result { try pruneEvents() }
        let settled = try [
            publications, uploads, purged, staged, entities, versions, total, links, answers, redeliveries, entries,
            events,
        ].map { try $0.get() }
        return settled.reduce(0, +)
    }
}
