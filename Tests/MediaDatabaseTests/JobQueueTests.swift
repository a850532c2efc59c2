import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct JobQueueTests {
    private let options: DatabaseOptions
    private let connection: Connection
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    init() throws {
        options = try PrivateMariaDB.shared().makeMigratedDatabase()
        connection = Connection(options)
    }

    private func add(_ user: String, priority: Int64 = 0) throws -> MediaID {
        var random = SystemRandomNumberGenerator()
        var job = Job(
            id: MediaID(now: now, using: &random), kind: .importFile, subject: MediaID(now: now, using: &random),
            userID: user, payload: .object([.init("a", .integer(1))]), now: now)
        job.priority = priority
        try connection.transaction { [job] in try JobQueue($0).add(job) }
        return job.id
    }

    private func holder(_ token: UInt8, process: String = "p") -> LeaseHolder {
        LeaseHolder(token: Array(repeating: token, count: 16), process: process)
    }

    private func claim(_ token: UInt8 = 1, perUser: Int = 10, process: String = "p", seconds: Int = 60) throws -> Job? {
        try connection.transaction {
            try JobQueue($0).claim(.importFile, holder(token, process: process), perUser: perUser, seconds: seconds)
        }
    }

    @Test("whoever has the fewest that run is next, and of theirs the most urgent; one user may have only so many")
    func order() throws {
        let slow = try [add("many"), add("many"), add("many")]
        let urgent = try add("many", priority: -5)
        let other = try add("few")
        #expect(try claim()?.id == urgent)
        #expect(try claim()?.id == other)
        let next = try #require(try claim(perUser: 2))
        #expect(slow.contains(next.id))
        #expect(try claim(perUser: 2) == nil)
        #expect(try claim(perUser: 3) != nil)
    }

    @Test("what another worker takes at the same moment is passed over, and nobody waits")
    func skipped() throws {
        let ids = try [add("a"), add("a")]
        let other = Connection(options)
        let taken = try other.transaction { inner in
            let first = try JobQueue(inner).claim(.importFile, holder(1), perUser: 10, seconds: 60)?.id
            let second = try claim(2)?.id
            return [first, second]
        }
        #expect(Set(taken.compactMap(\.self)) == Set(ids))
    }

    @Test("a lost worker's job is another's, and fails after so many losses; a live one's stays")
    func recovered() throws {
        let id = try add("a")
        let kept = try add("b")
        for attempt in 1...3 {
            while let job = try claim(UInt8(attempt), process: "dead") {
                if job.id == kept {
                    try connection.transaction { _ = try JobQueue($0).end(kept, holder(UInt8(attempt)).token, .done) }
                }
            }
            let untouched = try connection.transaction { try JobQueue($0).recover(isDead: { _ in false }, attempts: 3) }
            #expect(untouched.isEmpty)
            let lost = try connection.transaction { try JobQueue($0).recover(isDead: { $0 == "dead" }, attempts: 3) }
            #expect(lost.map(\.id) == [id] && lost[0].state == (attempt < 3 ? .waiting : .failed))
        }
        let failed = try #require(try JobQueue(connection).find(id))
        #expect(failed.state == .failed && failed.attempts == 3 && failed.endedAt != nil && failed.failure != nil)
        #expect(try JobQueue(connection).find(kept)?.state == .done)
    }

    @Test("a lease that has ended is over, and its holder writes nothing more")
    func ended() throws {
        let id = try add("a")
        _ = try claim(1, seconds: 0)
        #expect(
            eventually {
                (try? connection.transaction { try JobQueue($0).recover(isDead: { _ in false }, attempts: 5) })?.count
                    == 1
            })
        _ = try claim(2)
        let queue = JobQueue(connection)
        try connection.transaction { connection in
            let queue = JobQueue(connection)
            #expect(try !queue.end(id, holder(1).token, .done))
            #expect(try !queue.setPayload(id, holder(1).token, .null))
            try queue.postpone(id, holder(1).token, seconds: 0, failure: nil)
        }
        #expect(try queue.find(id)?.state == .running)
        #expect(try connection.transaction { try JobQueue($0).end(id, holder(2).token, .done) })
    }

    @Test("ending and trying once more")
    func handled() throws {
        let id = try add("a")
        #expect(try connection.transaction { try JobQueue($0).cancel(id) })
        #expect(try claim() == nil)
        #expect(try JobQueue(connection).find(id)?.state == .cancelled)
        #expect(try connection.transaction { try !JobQueue($0).cancel(id) })
        #expect(try connection.transaction { try JobQueue($0).retry(id) })
        #expect(try claim(4)?.attempts == 1)
        // One that runs is told, and ends when its worker lets it go.
        #expect(try connection.transaction { try JobQueue($0).cancel(id) })
        #expect(try JobQueue(connection).held(by: "p").first?.isCancelled == true)
        try connection.transaction { try JobQueue($0).postpone(id, holder(4).token, seconds: 0, failure: "x") }
        #expect(try JobQueue(connection).find(id)?.state == .cancelled)
        #expect(try connection.transaction { try JobQueue($0).retry(id) })
        _ = try claim(5)
        try connection.transaction { try JobQueue($0).postpone(id, holder(5).token, seconds: 60, failure: "x") }
        #expect(try claim() == nil)
        #expect(try connection.transaction { try JobQueue($0).retry(id) })
        #expect(try claim(6) != nil)
        #expect(try connection.transaction { try !JobQueue($0).retry(id) })
    }
}
