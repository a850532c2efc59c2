import MediaCore
import MediaDatabase
import Synchronization

/// Why a job is not done.
enum JobStop: Error, CustomStringConvertible {
    /// Trying again changes nothing.
    case failed(String)
    /// Trying again may help, not before so many seconds. What has come further counts as no failed attempt.
    case later(String, seconds: Int = 0, isFurther: Bool = false)
    /// Somebody has ended it.
    case cancelled
    /// Its worker ends, or has lost it.
    case interrupted

    var description: String {
        switch self {
        case .failed(let reason), .later(let reason, _, _): reason
        case .cancelled: "cancelled"
        case .interrupted: "its worker ended"
        }
    }
}

/// A job that a thread of this process is at.
final class RunningJob: Sendable {
    let job: Job
    let holder: LeaseHolder
    private let isCancelled = Atomic<Bool>(false)
    private let isInterrupted = Atomic<Bool>(false)
    private let progress = Mutex<(value: JSON?, isNew: Bool)>((nil, false))

    init(_ job: Job, _ holder: LeaseHolder) {
        self.job = job
        self.holder = holder
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func interrupt() { isInterrupted.store(true, ordering: .relaxed) }

    /// To be asked again and again by whoever does it.
    func check() throws(JobStop) {
        if isCancelled.load(ordering: .relaxed) { throw .cancelled }
        if isInterrupted.load(ordering: .relaxed) { throw .interrupted }
    }

    /// Says how far it is; written down by the thread that keeps its lease.
    func report(_ value: JSON) { progress.withLock { $0 = (value, true) } }

    /// What was reported since this was asked last.
    func takeProgress() -> JSON? {
        progress.withLock { progress in
            defer { progress.isNew = false }
            return progress.isNew ? progress.value : nil
        }
    }
}

/// What a kind of job does.
protocol JobHandler: Sendable {
    /// Does it. What a run before has left is gone on with.
    ///
    /// - Throws: `JobStop`; any other error is taken for one that trying again may help with.
    func run(_ running: RunningJob, _ context: Context) throws

    /// Notes on what the job was for that it will not be done.
    func giveUp(_ job: Job, _ reason: String, _ context: Context) throws

    /// Takes that back, in the transaction that has it done once more.
    func revive(_ job: Job, _ connection: Connection) throws
}
