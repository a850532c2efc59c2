import Glibc
import Logging
import MediaHTTP
import MediaCore
import MediaDatabase
import MediaStorage
import Synchronization

/// `mediad work`: looks, again and again, for what a crash left behind, sends events to webhooks, and hashes large bodies while
/// they arrive.
package struct Housekeeper {
    private let context: Context
    private let interval: Int
    private let runFolder: String
    /// The hour in which that was done last.
    private let lookedForUnfinished = HourMark()

    package init(_ configuration: Configuration) throws {
        let environment = try Environment(
            configuration: configuration, metrics: try Metrics(runFolder: configuration.text(.runDirectory)))
        context = Context(environment)
        interval = configuration.number(.housekeepingInterval)
        runFolder = configuration.text(.runDirectory)
    }

    /// Runs until SIGTERM or SIGINT.
    package func run() {
        Heap.share()
        var signals = Signals([SIGTERM, SIGINT])
        context.logger.notice("housekeeping started")
        startDigester()
        let ending = Ending()
        WebhookDispatcher.start(context.environment, ending)
        JobRunner.start(context.environment, ending)
        ReplicateBlobs.start(context.environment, ending)
        while true {
            do {
                _ = try once()
            } catch {
                context.logger.error("housekeeping failed and goes on", metadata: ["error": "\(error)"])
            }
            if signals.next(milliseconds: interval * 1000) != nil { break }
        }
        ending.begin()
        let limit = ContinuousClock.now + .seconds(context.environment.configuration.number(.drainTimeout))
        while ending.left > 0, .now < limit { usleep(20_000) }
        context.logger.notice("housekeeping ended")
    }

    /// Hashes ahead on a thread of its own; where another process on this host does, there is nothing to do.
    private func startDigester() {
        let environment = context.environment
        let runFolder = runFolder
        Thread.start("digester") {
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

    /// Looked for once an hour: it asks each store.
    private func removeUnfinished() throws -> Int {
        guard lookedForUnfinished.isNew(context.now()) else { return 0 }
        return try RemoveElsewhere(context: context).removeUnfinished()
    }

    /// Folders of jobs that nobody is at.
    private func removeWorkFolders() throws -> Int {
        let storage = context.environment.storage
        var count = 0
        for name in try storage.workFolders() {
            guard let id = name.split(separator: "-").first.flatMap({ MediaID(String($0)) }),
                try JobQueue(context.connection).find(id)?.state != .running
            else { continue }
            try storage.removeWorkFolder(name)
            count += 1
        }
        return count
    }

    private func pruneJobs() throws -> Int {
        try removeInParts(olderThan: .jobTime, 1000) { moment, limit, connection in
            try JobQueue(connection).prune(before: moment, limit: limit)
        }
    }

    /// Events that could not be delivered in all their time, what is kept no longer of those that were settled, and what is left
    /// of webhooks that are no more.
    private func pruneEvents() throws -> Int {
        let webhooks = try WebhookRepository(context.connection).all().map(\.id)
        let targets = Set(
            try EventTargetRepository(context.connection).all() + OutboxRepository(context.connection).targets())
        let results = targets.sorted().map { target in
            Result {
                try target == OutboxRepository.exchange || webhooks.contains(target)
                    ? pruneEvents(of: target) : forget(target)
            }
        }
        let deliveries = try removeInParts(olderThan: .eventTime, 5000) { moment, limit, connection in
            try WebhookRepository(connection).pruneDeliveries(before: moment, limit: limit)
        }
        return try results.reduce(deliveries) { try $0 + $1.get() }
    }

    private func pruneEvents(of target: Int64) throws -> Int {
        let givenUp = try removeInParts(olderThan: .eventTime, 1000) { moment, limit, connection in
            try OutboxRepository(connection).giveUp(target, before: moment, now: context.now(), limit: limit)
        }
        if givenUp > 0 {
            context.environment.metrics.add(.eventsGivenUp, givenUp)
            context.logger.error(
                "events are given up: they could not be delivered",
                metadata: ["target": "\(target)", "count": "\(givenUp)"])
        }
        return try removeInParts(olderThan: .eventTime, 5000) { moment, limit, connection in
            try OutboxRepository(connection).prune(target, before: moment, limit: limit)
        }
    }

    /// Nobody writes for a target any more that isn't among the webhooks.
    private func forget(_ target: Int64) throws -> Int {
        let count = try removeInParts(olderThan: .eventTime, 5000) { _, limit, connection in
            try OutboxRepository(connection).removeAll(of: target, limit: limit)
        }
        try context.connection.transaction { try EventTargetRepository($0).remove(target) }
        return count
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
        try context.environment.stores.prepare()
        let publications = Result { try SettlePublications(context: context).run() }
        let uploads = Result { try SettleUploads(context: context).run() }
        let purged = Result { try PurgeMedia(context: context).run() }
        let partial = Result { try ResumableUploads(context: context).removeExpired() }
        let staged = Result { try StageFile(context: context).removeExpired() }
        let entities = Result { try ManageEntities(context: context).run() }
        let versions = Result { try ManageVersions(context: context).purge() }
        let total = Result { try forgetTotal() }
        let links = Result { try removeExpiredLinks() }
        let answers = Result { try removeExpiredAnswers() }
        let redeliveries = Result { try forgetRedeliveries() }
        let entries = Result { try pruneAudit() }
        let events = Result { try pruneEvents() }
        let untold = Result { try JobRunner.settleUntold(context) }
        let jobs = Result { try pruneJobs() }
        let elsewhere = Result { try RemoveElsewhere(context: context).run() }
        let unfinished = Result { try removeUnfinished() }
        let folders = Result { try removeWorkFolders() }
        let settled = try [
            publications, uploads, partial, purged, staged, entities, versions, total, links, answers, redeliveries,
            entries, events, untold, jobs, elsewhere, unfinished, folders,
        ].map { try $0.get() }
        return settled.reduce(0, +)
    }
}

/// Whether something is done for the first time in an hour.
private final class HourMark: Sendable {
    private let hour = Atomic<Int64>(-1)

    func isNew(_ now: Timestamp) -> Bool {
        let current = now.milliseconds / 3_600_000
        return hour.exchange(current, ordering: .relaxed) != current
    }
}
