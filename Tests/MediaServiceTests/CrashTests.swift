import Foundation
import MediaCore
import MediaTesting
import Synchronization
import Testing

/// `kill -9` of each process at random moments of uploads, changes and deletions.
final class CrashTests: Sendable {
    private enum Victim: CaseIterable {
        case worker, supervisor, mariaDB, nginx
    }

    /// What clients were told, by the record's id.
    private struct Answered: Sendable {
        var bytes: [UInt8]
        /// Nil where a change was sent and its answer never came.
        var isPublic: Bool?
        var isDeleted: Bool? = false
    }

    private let server: PrivateMariaDB
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let answered = Mutex<[String: Answered]>([:])

    init() throws {
        server = try PrivateMariaDB()
        instance = try ServiceInstance(settings: ["MEDIA_UPLOAD_GRACE": "1"], mariaDB: server)
        client = try instance.client()
    }

    /// One client's doings: an upload, then maybe a change of what came of it. What has no answer is passed over.
    private func act(_ salt: String) {
        let isPublic = Bool.random()
        // Some contents meet each other.
        let bytes = Samples.mp4(Bool.random() ? salt : "same", size: .random(in: 100...400_000))
        let isForm = Bool.random()
        let form: [FormField] = [
            .text("userId", "crash"), .text("isPublic", "\(isPublic)"), .file("f", name: "a.mp4", type: nil, bytes),
        ]
        let path = "/v1/media" + (isForm ? "" : "?name=a.mp4&userId=crash&isPublic=\(isPublic)")
        guard let upload = try? client.post(path, isForm ? .form(form) : .bytes(bytes)), upload.status == 201 else {
            return
        }
        let id = upload.json.id
        answered.withLock { $0[id] = Answered(bytes: bytes, isPublic: isPublic) }
        switch Int.random(in: 0..<4) {
        case 0:
            answered.withLock { $0[id]?.isPublic = nil }
            let change = try? client.patch("/v1/media/\(id)", "{\"isPublic\":\(!isPublic)}")
            if change?.status == 200 { answered.withLock { $0[id]?.isPublic = !isPublic } }
        case 1:
            answered.withLock { $0[id]?.isDeleted = nil }
            if (try? client.delete("/v1/media/\(id)"))?.status == 200 { answered.withLock { $0[id]?.isDeleted = true } }
        default: break
        }
    }

    private func strike(_ victim: Victim) throws {
        switch victim {
        case .worker: if let worker = instance.workers.randomElement() { kill(worker, SIGKILL) }
        case .supervisor: instance.supervisor?.stop(SIGKILL)
        case .mariaDB: server.kill()
        case .nginx: instance.killNginx()
        }
    }

    private func recover(from victim: Victim) throws {
        switch victim {
        case .worker: break
        case .supervisor: try instance.startWorkers()
        case .mariaDB: try server.start()
        case .nginx: try instance.startNginx()
        }
        try instance.waitUntilReady()
    }

    @Test("whatever is killed, what was answered is there, and what wasn't leaves nothing")
    func crashes() throws {
        for round in 0..<12 {
            let victim = Victim.allCases[round % Victim.allCases.count]
            let isOver = Atomic<Bool>(false)
            let done = ThreadGroup()
            for thread in 0..<4 {
                done.start { [self] in
                    var count = 0
                    while !isOver.load(ordering: .relaxed) {
                        act("\(round) \(thread) \(count)")
                        count += 1
                    }
                }
            }
            usleep(.random(in: 100_000...700_000))
            try strike(victim)
            usleep(.random(in: 0...100_000))
            isOver.store(true, ordering: .relaxed)
            done.wait()
            try recover(from: victim)
        }
        // The grace period of an upload, and the ten seconds after which a public link is taken for left behind.
        sleep(12)
        try instance.mediad("work", "--once")
        #expect(try StoreInvariants.violations(instance) == [])
        try expectAnsweredState()
    }

    @Test("what nginx was receiving when it was killed is removed after the grace period")
    func halfBody() throws {
        let connection = try RawConnection(port: instance.port)
        try connection.send(
            "POST /v1/media?name=a.mp4&userId=u HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n"
                + "Authorization: Bearer \(client.key ?? "")\r\n\r\n")
        try connection.send(Samples.mp4(size: 3_000_000))
        #expect(eventually { !instance.folders.files("incoming").isEmpty })
        instance.killNginx()
        #expect(!instance.folders.files("incoming").isEmpty)
        try instance.startNginx()
        try instance.waitUntilReady()
        sleep(3)
        try instance.mediad("work", "--once")
        try Leftovers.expectNothing(instance)
    }

    private func expectAnsweredState() throws {
        let all = answered.withLock { $0 }
        #expect(all.count > 12)
        for (id, expected) in all {
            let record = try client.get("/v1/media/\(id)")
            if expected.isDeleted == true {
                #expect(record.status == 404, "\(id)")
            } else if expected.isDeleted == false {
                #expect(record.status == 200, "\(id)")
            }
            guard record.status == 200 else { continue }
            #expect(try client.get("/m/\(id)").body == expected.bytes, "\(id)")
            if let isPublic = expected.isPublic { #expect(record.json["isPublic"] == .bool(isPublic), "\(id)") }
            let isPublic = record.json["isPublic"]?.bool == true
            #expect(try instance.anonymous.get("/p/\(id)/a.mp4").status == (isPublic ? 200 : 404), "\(id)")
        }
    }
}
