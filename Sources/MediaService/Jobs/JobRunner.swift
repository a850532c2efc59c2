import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage
import Synchronization

/// Does what waits in the queue of jobs, on some threads for each kind.
final class JobRunner: Sendable {
    /// Seconds for which a job is held unless that is renewed.
    static let lease = 15
    /// Seconds between two looks at the leases.
    private static let pause: UInt32 = 2

    private let environment: Environment
    private let ending: Ending
    /// By their leases: one that was taken for lost may be begun again here while its first thread is still at it.
    private let running = Mutex<[[UInt8]: RunningJob]>([:])

    private init(_ environment: Environment, _ ending: Ending) {
        self.environment = environment
        self.ending = ending
    }

    static func handler(_ kind: Job.Kind) -> any JobHandler {
        switch kind {
        case .importFile: ImportFile()
        case .verifyDirect: VerifyDirect()
        case .process: ProcessMedia()
        }
    }

    static func start(_ environment: Environment, _ ending: Ending) {
        let runner = JobRunner(environment, ending)
        runner.endOrphans()
        Thread.start("leases") { runner.keep(Context(environment)) }
        for kind in Job.Kind.allCases {
            for _ in 0..<threads(kind, environment.configuration) {
                ending.enter()
                Thread.start("\(kind.rawValue) jobs") {
                    runner.work(kind, Context(environment))
                    ending.leave()
                }
            }
        }
    }

    /// What a job runner has left that was killed.
    private func endOrphans() {
        do {
            let count = try OrphanedTools.end(homesIn: environment.storage.work)
            guard count > 0 else { return }
            environment.logger.warning(
                "programs without a job runner were ended", metadata: ["count": "\(count)"])
        } catch {
            environment.logger.error(
                "programs without a job runner can't be looked for", metadata: ["error": "\(error)"])
        }
    }

    private static func threads(_ kind: Job.Kind, _ configuration: Configuration) -> Int {
        switch kind {
        case .importFile, .verifyDirect: configuration.number(.importThreads)
        case .process: configuration.number(.processingThreads)
        }
    }

    // MARK: Working

    private func work(_ kind: Job.Kind, _ context: Context) {
        while !ending.isNear {
            do {
                if try next(kind, context) { continue }
            } catch {
                context.logger.error("jobs can't be had", metadata: ["kind": "\(kind)", "error": "\(error)"])
            }
            for _ in 0..<5 where !ending.isNear { usleep(100_000) }
        }
    }

    /// - Returns: whether there was one.
    private func next(_ kind: Job.Kind, _ context: Context) throws -> Bool {
        let holder = LeaseHolder(token: context.randomBytes(16), process: ProcessMark.own)
        let claimed = try context.connection.transaction {
            try JobQueue($0).claim(
                kind, holder, perUser: context.environment.configuration.number(.jobsPerUser), seconds: Self.lease)
        }
        guard let job = claimed else { return false }
        let running = RunningJob(job, holder)
        self.running.withLock { $0[holder.token] = running }
        defer { _ = self.running.withLock { $0.removeValue(forKey: holder.token) } }
        context.requestID = "job-\(job.id)"
        defer { context.requestID = "" }
        let outcome = Result { try Self.handler(kind).run(running, context) }
        try settle(running, outcome, context)
        return true
    }

    /// Writes down what has come of a job. Where that can't be done its lease ends, and another worker finds what was done.
    private func settle(_ running: RunningJob, _ outcome: Result<Void, any Error>, _ context: Context) throws {
        let (job, token) = (running.job, running.holder.token)
        let configuration = context.environment.configuration
        func postpone(_ seconds: Int, _ reason: String?, isAttempt: Bool) throws {
            try context.connection.transaction {
                try JobQueue($0).postpone(job.id, token, seconds: seconds, failure: reason, isAttempt: isAttempt)
            }
        }
        do {
            try outcome.get()
            try context.connection.transaction { _ = try JobQueue($0).end(job.id, token, .done) }
        } catch JobStop.interrupted {
            try postpone(0, job.failure, isAttempt: false)
        } catch JobStop.cancelled {
            try end(running, .cancelled, "It was cancelled.", context)
        } catch {
            let reason = Self.reason(error, context)
            var (asked, isFurther) = (0, false)
            if case JobStop.later(_, let seconds, let hasMore) = error { (asked, isFurther) = (seconds, hasMore) }
            guard !Self.isFinal(error), isFurther || job.attempts < configuration.number(.jobAttempts) else {
                return try end(running, .failed, reason, context)
            }
            let pause = configuration.number(.jobPause) << (2 * min(Int(job.attempts) - 1, 6))
            let seconds = max(pause, min(asked, 86400))
            context.logger.warning(
                "job failed and is tried again",
                metadata: [
                    "kind": "\(job.kind.rawValue)", "subject": "\(job.subject)", "attempt": "\(job.attempts)",
                    "error": "\(reason)", "seconds": "\(seconds)",
                ])
            try postpone(seconds, reason, isAttempt: !isFurther)
        }
    }

    private func end(_ running: RunningJob, _ state: Job.State, _ reason: String, _ context: Context) throws {
        let job = running.job
        context.logger.error(
            "job ended undone",
            metadata: ["kind": "\(job.kind.rawValue)", "subject": "\(job.subject)", "error": "\(reason)"])
        // Where it is somebody else's by now, it hasn't ended. What a crash in between leaves untold `settleUntold` tells.
        let isMine = try context.connection.transaction {
            try JobQueue($0).end(job.id, running.holder.token, state, failure: reason)
        }
        if isMine { try Self.handler(job.kind).giveUp(job, reason, context) }
    }

    private static func isFinal(_ error: any Error) -> Bool {
        switch error {
        case JobStop.failed: true
        case let problem as Problem: problem.status < 500 && problem.code != .uploadLocked
        default: false
        }
    }

    /// What a job's owner may be told.
    private static func reason(_ error: any Error, _ context: Context) -> String {
        error is JobStop ? "\(error)" : ProblemMapping.problem(for: error, context).detail
    }

    /// Has the uploads of jobs end that ended themselves, whatever came in between.
    ///
    /// - Returns: how many.
    static func settleUntold(_ context: Context) throws -> Int {
        var count = 0
        for job in try JobQueue(context.connection).untold(limit: 100) {
            do {
                try handler(job.kind).giveUp(job, job.failure ?? "It was cancelled.", context)
                count += 1
            } catch {
                context.logger.warning(
                    "an ended job's upload stays", metadata: ["job": "\(job.id)", "error": "\(error)"])
            }
        }
        return count
    }

    // MARK: Keeping

    private func keep(_ context: Context) {
        var renewed = ContinuousClock.now
        while true {
            sleep(Self.pause)
            let jobs = running.withLock { Array($0.values) }
            // Others take over what could not be renewed.
            let isLost = ContinuousClock.now - renewed > .seconds(Self.lease - 3)
            if ending.isNear || isLost { for job in jobs { job.interrupt() } }
            do {
                try renew(jobs, context)
                renewed = .now
                try recover(context)
            } catch {
                context.logger.warning("jobs' leases can't be renewed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func renew(_ jobs: [RunningJob], _ context: Context) throws {
        guard !jobs.isEmpty else { return }
        try context.connection.transaction { connection in
            for job in jobs { try JobQueue(connection).renew(job.job.id, job.holder.token, seconds: Self.lease) }
        }
        let held = try JobQueue(context.connection).held(by: ProcessMark.own)
        for job in jobs {
            let id = job.job.id
            if let state = held.first(where: { $0.id == id && $0.token == job.holder.token }) {
                if state.isCancelled { job.cancel() }
            } else {
                // It may have ended just now; if it has not, it is somebody else's.
                job.interrupt()
            }
            guard let progress = job.takeProgress() else { continue }
            try context.connection.transaction { try JobQueue($0).setProgress(id, job.holder.token, progress) }
        }
    }

    private func recover(_ context: Context) throws {
        let lost = try context.connection.transaction {
            try JobQueue($0).recover(
                isDead: ProcessMark.isDead, attempts: context.environment.configuration.number(.jobAttempts))
        }
        for job in lost {
            context.logger.warning(
                "a job's worker was lost", metadata: ["kind": "\(job.kind.rawValue)", "subject": "\(job.subject)"])
            guard job.isEnded else { continue }
            try Self.handler(job.kind).giveUp(job, job.failure ?? "", context)
        }
    }
}
