import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

/// Workers and supervisors that come and go.
@Suite(.serialized)
struct ProcessTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance()
        client = try instance.client()
    }

    /// Sends GETs and uploads from several threads while `body` runs, and to the end of a number of rounds.
    ///
    /// - Returns: what went wrong.
    private func underLoad(rounds: Int, _ body: () throws -> Void) rethrows -> [String] {
        let failures = Mutex<[String]>([])
        let count = Atomic<Int>(0)
        let done = ThreadGroup()
        for thread in 0..<8 {
            done.start { [client] in
                for round in 0..<rounds {
                    do {
                        let bytes = Samples.text("load \(thread) \(round)")
                        let record = try client.upload(bytes, name: "a.txt", user: "load")
                        for _ in 0..<3 {
                            let file = try client.get("/m/\(record.id)")
                            guard file.status == 200, file.body == bytes else {
                                throw TestFailure("\(file.status) \(file.text)")
                            }
                            count.add(1, ordering: .relaxed)
                        }
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        try body()
        done.wait()
        let total = count.load(ordering: .relaxed)
        return failures.withLock { $0 } + (total == 8 * rounds * 3 ? [] : ["only \(total) downloads"])
    }

    @Test("a killed worker is replaced, and what comes next is served")
    func killedWorker() throws {
        #expect(eventually { instance.workers.count == 2 })
        let old = instance.workers
        for worker in old { kill(worker, SIGKILL) }
        #expect(try client.get("/v1/media").status == 200)
        #expect(eventually { instance.workers.count == 2 && Set(instance.workers).isDisjoint(with: old) })
        #expect(try client.upload(Samples.text(), name: "a.txt", user: "u").text("status") == "READY")
        #expect(instance.folders.log("serve.log").contains("\"how\":\"signal 9\""))
    }

    @Test("a read whose worker dies is answered by another one; a write is not sent twice")
    func killedMeanwhile() throws {
        let record = try client.upload(Samples.text("read"), name: "a.txt", user: "killed")
        #expect(eventually { instance.workers.count == 2 })
        let old = instance.workers
        let answers = Mutex<[String: HTTPResponse]>([:])
        let done = ThreadGroup()
        let holder = instance.connection()
        try holder.run("LOCK TABLES media WRITE")
        let requests: [(String, @Sendable () throws -> HTTPResponse)] = [
            ("read", { [client] in try client.get("/v1/media/\(record.id)") }),
            ("write", { [client] in try client.patch("/v1/media/\(record.id)", #"{"title":"x"}"#) }),
        ]
        for (name, request) in requests {
            done.start {
                let answer = try? request()
                answers.withLock { $0[name] = answer }
            }
        }
        usleep(700_000)
        for worker in old { kill(worker, SIGKILL) }
        #expect(eventually { instance.workers.count == 2 && Set(instance.workers).isDisjoint(with: old) })
        usleep(300_000)
        try holder.run("UNLOCK TABLES")
        done.wait()
        #expect(answers.withLock { $0["read"]?.status } == 200)
        try #require(answers.withLock { $0["write"] }).expectProblem(502, "outcome_unknown")
    }

    @Test("reloads under load replace every worker and fail no request")
    func reload() throws {
        #expect(eventually { instance.workers.count == 2 })
        let first = Set(instance.workers)
        let failures = underLoad(rounds: 12) {
            for _ in 0..<3 {
                usleep(300_000)
                instance.supervisor?.send(SIGHUP)
            }
        }
        #expect(failures == [])
        #expect(eventually(within: 30) { Set(instance.workers).isDisjoint(with: first) && instance.workers.count == 2 })
        #expect(try client.get("/metrics").text.contains("media_reloads_total 3"))
        #expect(try client.get("/metrics").text.contains("media_workers_crashed_total 0"))
    }

    @Test("a reload takes new settings over")
    func newSettings() throws {
        #expect(try client.get("/v1/media?limit=100").status == 200)
        try instance.change(settings: ["MEDIA_PAGE_MAX_LIMIT": "50", "MEDIA_WORKERS": "3"])
        instance.supervisor?.send(SIGHUP)
        #expect(eventually(within: 30) { instance.workers.count == 5 })
        // Old workers serve the connections they have until nginx closes them, 5 seconds after their last request.
        #expect(eventually(within: 30) { instance.workers.count == 3 })
        #expect(try client.get("/v1/media?limit=100").status == 400)
    }

    @Test(
        "wrong settings at a reload change nothing, and the log says what is wrong with them",
        arguments: [("MEDIA_API_THREADS", "many"), ("MEDIA_NO_SUCH_SETTING", "1"), ("MEDIA_STORE_DIR", "/elsewhere")])
    func wrongSettings(name: String, value: String) throws {
        #expect(eventually { instance.workers.count == 2 })
        let old = instance.workers
        try instance.change(settings: [name: value])
        instance.supervisor?.send(SIGHUP)
        #expect(eventually { instance.folders.log("serve.log").contains("reload refused") })
        #expect(instance.folders.log("serve.log").contains(name))
        usleep(200_000)
        #expect(instance.workers == old)
        #expect(try client.get("/v1/media").status == 200)
    }

    @Test("SIGTERM finishes the upload that is running, and then all processes are gone")
    func drain() throws {
        // The upload is held up by a row that somebody has locked.
        let holder = instance.connection()
        let workers = instance.workers
        let answer = Mutex<HTTPResponse?>(nil)
        let done = ThreadGroup()
        let bytes = Samples.text("drain")
        let first = try client.upload(bytes, name: "a.txt", user: "drain")
        try holder.transaction { holder in
            try holder.execute(
                "UPDATE blobs SET size = size WHERE sha256 = ?", [.bytes(Hex.decode(first.text("sha256")) ?? [])])
            done.start { [client] in
                let upload = try? client.post("/v1/media?name=b.txt&userId=drain", .bytes(bytes))
                answer.withLock { $0 = upload }
            }
            usleep(500_000)
            instance.supervisor?.send(SIGTERM)
            usleep(500_000)
            #expect(workers.contains(where: ProcessTable.isRunning))
        }
        done.wait()
        #expect(answer.withLock { $0?.status } == 201)
        #expect(instance.supervisor?.waits(10) == true)
        #expect(instance.supervisor?.exitStatus == 0)
        #expect(!workers.contains(where: ProcessTable.isRunning))
        try instance.startWorkers()
        try instance.waitUntilReady()
        #expect(try client.get("/v1/users/drain/media").json["total"] == .integer(2))
    }

    @Test("without workers nginx says so, and public files go out still")
    func noWorkers() throws {
        let record = try client.upload(Samples.text("alone"), name: "a.txt", user: "u", query: "isPublic=true")
        instance.supervisor?.stop(SIGTERM)
        let answer = try client.get("/v1/media")
        answer.expectProblem(502, "unavailable")
        try client.patch("/v1/media/\(record.id)", #"{"title":"x"}"#).expectProblem(502, "unavailable")
        #expect(try client.get(record.text("url")).body == Samples.text("alone"))
    }

    @Test("out of descriptors, connections wait for those that end, and the log says so")
    func outOfDescriptors() throws {
        let record = try client.upload(Samples.text("many"), name: "a.txt", user: "u")
        #expect(eventually { instance.workers.count == 2 })
        for worker in instance.workers {
            let used = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/fd").count
            let limited = try Command("prlimit", ["--pid", "\(worker)", "--nofile=\(used + 4):"])
            try #require(limited.status == 0, "\(limited.errors)")
        }
        let start = ContinuousClock.now
        let answers = Mutex<[Int: Int]>([:])
        let done = ThreadGroup()
        for _ in 0..<32 {
            done.start { [client] in
                for _ in 0..<20 {
                    let status = (try? client.get("/v1/media/\(record.id)").status) ?? 0
                    answers.withLock { $0[status, default: 0] += 1 }
                }
            }
        }
        done.wait()
        // 503: where there was none left for a connection to MariaDB.
        let counts = answers.withLock { $0 }
        #expect(counts[200, default: 0] + counts[503, default: 0] == 640, "\(counts)")
        // Those that came first don't keep theirs for themselves.
        #expect(counts[200, default: 0] > 430, "\(counts)")
        let log = instance.folders.log("serve.log")
        // Once a second and worker, however often it is tried.
        let said = log.split(separator: "\n").count { $0.contains("accept failed") }
        #expect((1...2 * (1 + Int(start.duration(to: .now).components.seconds))).contains(said), "\(log)")
    }

    @Test("a killed supervisor takes its workers along, and a new one serves at once")
    func killedSupervisor() throws {
        #expect(eventually { instance.workers.count == 2 })
        let workers = instance.workers
        instance.supervisor?.stop(SIGKILL)
        #expect(eventually(within: 10) { !workers.contains(where: ProcessTable.isRunning) })
        try instance.startWorkers()
        try instance.waitUntilReady()
        #expect(try client.upload(Samples.text(), name: "a.txt", user: "u").text("status") == "READY")
    }

    @Test("a second supervisor on the same sockets is refused, and the first one serves on")
    func secondSupervisor() throws {
        let second = try Command("timeout", ["10", ServiceFolders.mediad, "serve"], environment: instance.environment)
        #expect(second.status != 0 && second.status != 124, "\(second.errors)")
        #expect(second.errors.contains("another supervisor"), "\(second.errors)")
        #expect(try client.get("/v1/media").status == 200)
    }
}
