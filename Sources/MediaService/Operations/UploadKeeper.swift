import Glibc
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage
import Synchronization

/// An upload that this process is at, as long as its lease lasts.
final class HeldUpload: Sendable {
    let id: MediaID
    let holder: LeaseHolder
    /// Milliseconds of a clock that never goes back.
    private let deadline: Atomic<Int64>
    /// Whether somebody else waits for it or has it, or its client is too slow.
    private let isEnding = Atomic<Bool>(false)
    /// The connection that its bytes come on; -1: none.
    private let descriptor = Mutex<Int32>(-1)
    private let written = Atomic<Int64>(0)
    /// When bytes came last, by `now()`.
    private let lastBytes = Atomic<Int64>(0)
    private let openFile = Mutex<PartialFile?>(nil)

    init(_ id: MediaID, _ holder: LeaseHolder, until deadline: Int64) {
        self.id = id
        self.holder = holder
        self.deadline = Atomic(deadline)
    }

    /// The file that its bytes go to, while it is held.
    var file: PartialFile? {
        get { openFile.withLock { $0 } }
        set { openFile.withLock { $0 = newValue } }
    }

    /// Bytes that the file has, durable or not.
    var position: Int64 {
        get { written.load(ordering: .acquiring) }
        set { written.store(newValue, ordering: .releasing) }
    }

    /// Whether its lease was given back already.
    private let isReleased = Atomic<Bool>(false)

    func markReleased() { isReleased.store(true, ordering: .releasing) }

    var hasLease: Bool { !isReleased.load(ordering: .acquiring) }

    /// Whether nobody else can be at it.
    var isLeased: Bool { deadline.load(ordering: .relaxed) > Self.now() }
    /// Whether it has to be let go.
    var isWanted: Bool { isEnding.load(ordering: .relaxed) }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    func noteBytes() { lastBytes.store(Self.now(), ordering: .relaxed) }

    /// Has a request of a client that kept it waiting for longer than `seconds` end with its next byte. The connection stays open,
    /// unlike an interrupted one, on which nginx could find no answer; from a client that sends nothing at all nginx frees it.
    func endIfStalled(_ seconds: Int) {
        guard Self.now() - lastBytes.load(ordering: .relaxed) > Int64(seconds) * 1000 else { return }
        descriptor.withLock {
            guard $0 >= 0 else { return }
            isEnding.store(true, ordering: .sequentiallyConsistent)
            setReceiveTimeout($0, milliseconds: 1)
        }
    }

    /// - Parameter milliseconds: 0: for ever.
    private func setReceiveTimeout(_ connection: Int32, milliseconds: Int) {
        var time = timeval(tv_sec: 0, tv_usec: milliseconds * 1000)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    func extend(until deadline: Int64) { self.deadline.store(deadline, ordering: .relaxed) }

    /// While `body` runs, a connection that waits for its client is woken when the upload has to be let go.
    func interruptible<T>(_ connection: Int32, _ body: () throws -> T) rethrows -> T {
        noteBytes()
        descriptor.withLock { $0 = connection }
        defer {
            // A request whose bytes had all come by then leaves its connection to the next one.
            descriptor.withLock {
                if isWanted { setReceiveTimeout($0, milliseconds: 0) }
                $0 = -1
            }
        }
        if isEnding.load(ordering: .sequentiallyConsistent) { interrupt() }
        return try body()
    }

    func interrupt() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        descriptor.withLock { if $0 >= 0 { shutdown($0, Int32(SHUT_RD)) } }
    }
}

/// Keeps the leases of the uploads that this process is at, notes how many of their bytes are durable, and lets go of those that
/// somebody else waits for, or whose client is too slow.
final class UploadKeeper: Sendable {
    /// Seconds for which an upload is held unless that is renewed.
    static let lease = 10
    /// Microseconds between looks at who waits: as long another process may wait for an upload whose client is gone.
    private static let pause: UInt32 = 500_000
    /// Looks between two renewals.
    private static let rounds = 5
    /// Bytes behind which it is worth while to make an upload durable.
    private static let stretch: Int64 = 32 << 20

    private let held = Mutex<[MediaID: HeldUpload]>([:])
    private let isRunning = Atomic<Bool>(false)

    func add(_ upload: HeldUpload, _ environment: Environment) {
        held.withLock { $0[upload.id] = upload }
        guard !isRunning.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Thread.start("upload leases") { [self] in renew(Context(environment)) }
        Thread.start("upload sync") { [self] in makeDurable(Context(environment)) }
    }

    func remove(_ upload: HeldUpload) {
        held.withLock { if $0[upload.id] === upload { $0[upload.id] = nil } }
    }

    /// Has this process let an upload go, if it holds it.
    func interrupt(_ id: MediaID) { held.withLock { $0[id] }?.interrupt() }

    private func renew(_ context: Context) {
        let stall = context.environment.configuration.number(.streamStall)
        var round = 0
        while true {
            usleep(Self.pause)
            let uploads = held.withLock { $0 }
            if uploads.isEmpty { continue }
            if stall > 0 { for upload in uploads.values { upload.endIfStalled(stall) } }
            round += 1
            do {
                let start = HeldUpload.now()
                let isRenewal = round % Self.rounds == 0
                if isRenewal {
                    try context.connection.transaction {
                        try ResumableUploadRepository($0).renew(
                            Array(uploads.keys), of: ProcessMark.own, seconds: Self.lease)
                    }
                }
                for lease in try ResumableUploadRepository(context.connection).held(by: ProcessMark.own) {
                    guard let upload = uploads[lease.id], upload.holder.token == lease.token else { continue }
                    if isRenewal { upload.extend(until: start + Int64(Self.lease) * 1000) }
                    if lease.isWanted { upload.interrupt() }
                }
            } catch {
                // The leases end by themselves, here no later than for others.
                context.logger.warning("uploads' leases can't be renewed", metadata: ["error": "\(error)"])
            }
            for upload in uploads.values where !upload.isLeased { upload.interrupt() }
        }
    }

    /// What a long request has brought so far is not lost with the power.
    private func makeDurable(_ context: Context) {
        var noted: [MediaID: Int64] = [:]
        while true {
            usleep(Self.pause)
            let uploads = held.withLock { $0 }
            noted = noted.filter { uploads[$0.key] != nil }
            for upload in uploads.values {
                let written = upload.position
                guard let file = upload.file else { continue }
                guard let last = noted[upload.id] else {
                    noted[upload.id] = written
                    continue
                }
                guard written - last >= Self.stretch else { continue }
                do {
                    try ResumableUploads(context: context).sync(file, upTo: written)
                    try context.connection.transaction {
                        try ResumableUploadRepository($0).note(
                            upload.id, upload.holder.token, position: written, boot: ProcessMark.boot, isMore: true)
                    }
                    noted[upload.id] = written
                } catch {
                    context.logger.warning(
                        "an upload isn't durable yet", metadata: ["upload": "\(upload.id)", "error": "\(error)"])
                }
            }
        }
    }
}
