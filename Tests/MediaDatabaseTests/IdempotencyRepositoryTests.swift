import MediaCore
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

struct IdempotencyRepositoryTests {
    private typealias Lease = IdempotencyRepository.Lease
    private typealias Answer = IdempotencyRepository.Answer

    private let options: DatabaseOptions
    private let connection: Connection
    private let now = Timestamp(milliseconds: 1_800_000_000_000)
    private let answer = Answer(
        status: 201, location: "/v1/media/x", entityTag: "\"1\"", body: Array(repeating: 65, count: 300_000))

    init() throws {
        options = try PrivateMariaDB.shared().makeMigratedDatabase()
        connection = Connection(options)
    }

    private func lease(_ token: UInt8, key: String = "k", caller: String = "key:a", fingerprint: UInt8 = 1) throws
        -> Lease
    {
        Lease(
            caller: caller, key: try #require(IdempotencyKey(field: key)),
            fingerprint: Array(repeating: fingerprint, count: 32), token: Array(repeating: token, count: 16))
    }

    /// Begins a try, with a lease of 60 seconds and answers that are kept for 1000.
    private func begin(
        _ lease: Lease, after seconds: Int = 0, over other: Connection? = nil
    ) throws -> IdempotencyRepository.Start {
        let now = now.adding(seconds: seconds)
        return try (other ?? connection).transaction {
            try IdempotencyRepository($0).begin(
                lease, now: now, leaseStart: now.adding(seconds: -60), firstKept: now.adding(seconds: -1000))
        }
    }

    private func finish(_ lease: Lease) throws -> Bool {
        try connection.transaction { try IdempotencyRepository($0).finish(lease, answer) }
    }

    private func abandon(_ lease: Lease) throws {
        try connection.transaction { try IdempotencyRepository($0).abandon(lease) }
    }

    @Test("a request is begun once, and its answer is there for the next ones")
    func once() throws {
        #expect(try begin(lease(1)) == .begun)
        #expect(try begin(lease(2), after: 1) == .running)
        #expect(try !finish(lease(2)))
        #expect(try finish(lease(1)))
        #expect(try !finish(lease(1)))
        #expect(try begin(lease(3), after: 2) == .answered(answer))
        #expect(try begin(lease(3, fingerprint: 2), after: 2) == .otherRequest)
        try abandon(lease(1))
        #expect(try begin(lease(4), after: 3) == .answered(answer))
    }

    @Test("keys are a caller's own, and case counts")
    func callers() throws {
        #expect(try begin(lease(1)) == .begun)
        #expect(try begin(lease(2, caller: "key:b")) == .begun)
        #expect(try begin(lease(3, caller: "key:A")) == .begun)
        #expect(try begin(lease(4, key: "K")) == .begun)
        #expect(try begin(lease(5)) == .running)
    }

    @Test("another request may not use the key of one that is being carried out")
    func otherWhileRunning() throws {
        #expect(try begin(lease(1)) == .begun)
        #expect(try begin(lease(2, fingerprint: 2)) == .otherRequest)
    }

    @Test("a key that was given back can be used, also for another request")
    func givenBack() throws {
        #expect(try begin(lease(1)) == .begun)
        try abandon(lease(2))
        #expect(try begin(lease(3)) == .running)
        try abandon(lease(1))
        #expect(try begin(lease(4, fingerprint: 2)) == .begun)
        #expect(try finish(lease(4)))
    }

    @Test("a try whose connection has ended is taken over at once, and has no say any more")
    func deadOwner() throws {
        let other = Connection(options)
        #expect(try begin(lease(1), over: other) == .begun)
        #expect(try begin(lease(2)) == .running)
        other.close()
        // The server notices in a moment.
        #expect(try eventually(within: 5) { try begin(lease(3)) == .begun })
        #expect(try !finish(lease(1)))
        #expect(try begin(lease(4)) == .running)
        #expect(try finish(lease(3)))
    }

    @Test("a try whose connection is open is taken over when its lease is over")
    func longOwner() throws {
        #expect(try begin(lease(1)) == .begun)
        #expect(try begin(lease(2), after: 60) == .running)
        #expect(try begin(lease(3), after: 61) == .begun)
        #expect(try !finish(lease(1)))
        #expect(try begin(lease(4), after: 62) == .running)
    }

    @Test("of another server's connections nothing is known")
    func otherServer() throws {
        let other = Connection(options)
        #expect(try begin(lease(1), over: other) == .begun)
        try connection.write("UPDATE idempotency_keys SET server = 'elsewhere:3306', connection_id = 0")
        #expect(try begin(lease(2)) == .running)
        #expect(try begin(lease(3), after: 61) == .begun)
    }

    @Test("an answer is forgotten after its time, whether housekeeping has been there or not")
    func expiry() throws {
        #expect(try begin(lease(1)) == .begun && finish(lease(1)))
        #expect(try begin(lease(2), after: 1000) == .answered(answer))
        #expect(try begin(lease(3, fingerprint: 2), after: 1001) == .begun)
        #expect(try begin(lease(4, key: "old")) == .begun)
        func remove(_ seconds: Int, limit: Int = 10) throws -> Int {
            try connection.transaction {
                try IdempotencyRepository($0).removeExpired(before: now.adding(seconds: seconds), limit: limit)
            }
        }
        #expect(try remove(0) == 0)
        #expect(try remove(1) == 1)
        #expect(try remove(2000, limit: 0) == 0)
        #expect(try remove(2000) == 1)
    }

    @Test("of many that begin at once one does")
    func concurrency() throws {
        let start = Barrier(16)
        let end = Barrier(16)
        let outcomes = Mutex<[IdempotencyRepository.Start]>([])
        let leases = try (0..<16).map { try lease(UInt8($0)) }
        ThreadGroup.run(16) { [options, now] index in
            let connection = Connection(options)
            _ = try? connection.query("SELECT 1") { _ in }
            start.arrive()
            let outcome = try? connection.transaction {
                try IdempotencyRepository($0).begin(
                    leases[index], now: now, leaseStart: now.adding(seconds: -60),
                    firstKept: now.adding(seconds: -1000))
            }
            if let outcome { outcomes.withLock { $0.append(outcome) } }
            // One whose connection ends would be taken over.
            end.arrive()
        }
        let all = outcomes.withLock { $0 }
        #expect(all.filter { $0 == .begun }.count == 1 && all.filter { $0 == .running }.count == 15, "\(all)")
    }
}
