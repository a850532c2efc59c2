import Foundation
import Glibc
import MediaCore
import MediaTesting
import Testing

/// An operation with each of its steps in turn struck by `kill -9`, or made to fail: every call that changes the file
/// system or talks to MariaDB is the last one that a worker makes, or the one that fails.
@Suite struct CrashStepTests {
    /// What strace does to the n-th call.
    private enum Blow: String, CaseIterable, CustomTestStringConvertible {
        case kill = "signal=KILL"
        case inputOutputError = "error=EIO"
        case noSpace = "error=ENOSPC"

        var testDescription: String { rawValue }
    }

    private enum Operation: CaseIterable {
        case upload, replace, publish, unpublish, delete, destroy

        /// The lane that it runs on, by its thread.
        var lane: Int { self == .upload || self == .replace ? 2 : 1 }
    }

    /// `sendto` is what is said to MariaDB.
    private static let calls = ["link", "fsync", "mkdir", "unlink", "rmdir", "sendto"]

    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        // One thread for each lane, so that the calls of an operation are those of one thread.
        instance = try ServiceInstance(settings: [
            "MEDIA_WORKERS": "1", "MEDIA_API_THREADS": "1", "MEDIA_UPLOAD_THREADS": "1", "MEDIA_UPLOAD_GRACE": "1",
        ])
        client = try instance.client()
    }

    private func form(_ name: String, isPublic: Bool) -> HTTPClient.Body {
        .form([
            .text("userId", "u"), .text("entityType", "lesson"), .text("entityId", "l"),
            .text("isPublic", "\(isPublic)"), .file("f", name: "a.mp4", type: nil, Samples.mp4(name, size: 5000)),
        ])
    }

    /// Strikes the n-th call of a kind in the lane's thread while `body` runs.
    ///
    /// - Returns: whether there was an n-th call.
    private func strike(_ blow: Blow, at step: Int, of call: String, lane: Int, _ body: () throws -> Void) throws
        -> Bool
    {
        let worker = try #require(instance.workers.first)
        // Threads have ascending ids: the main one, the api lane's, the upload lane's, the recorder of keys' use.
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/task").compactMap(Int.init)
            .sorted()
        try #require(threads.count == 4)
        let log = "\(instance.folders.state)/log/strace.log"
        try? FileManager.default.removeItem(atPath: log)
        let strace = try ChildProcess(
            "strace",
            ["-e", "trace=\(call)", "-e", "inject=\(call):\(blow.rawValue):when=\(step)"]
                + ["-p", String(threads[lane])], output: log)
        let isAttached = eventually { instance.folders.log("strace.log").contains("attached") }
        try #require(isAttached, "\(instance.folders.log("strace.log"))")
        try body()
        if blow == .kill {
            let isKilled = eventually(within: 0.1) { !ProcessTable.isRunning(worker) }
            strace.stop(SIGTERM)
            return isKilled
        }
        strace.stop(SIGTERM)
        return instance.folders.log("strace.log").contains("(INJECTED)")
    }

    /// Supervisor and worker anew: the supervisor waits longer and longer before it replaces what keeps dying.
    private func restart() throws {
        instance.supervisor?.stop(SIGKILL)
        try instance.startWorkers()
        try instance.waitUntilReady()
        // Connections and statements of both lanes are there before calls are counted.
        _ = try client.get("/v1/media?limit=1")
        try #require(try client.post("/v1/media", form("warm \(UUID())", isPublic: false)).status == 201)
        try #require(try client.get("/healthz").status == 200)
    }

    private func perform(_ operation: Operation, on id: String, _ name: String) throws -> HTTPResponse {
        switch operation {
        case .upload: try client.post("/v1/media", form(name, isPublic: true))
        case .publish: try client.patch("/v1/media/\(id)", "{\"isPublic\":true}")
        case .unpublish: try client.patch("/v1/media/\(id)", "{\"isPublic\":false}")
        case .replace: try client.send("PUT", "/v1/media/\(id)/file", .bytes(Samples.mp4("new \(name)", size: 6000)))
        case .delete: try client.delete("/v1/media/\(id)")
        case .destroy: try client.delete("/v1/media/\(id)?hard=true")
        }
    }

    /// Whether the record is as its operation leaves it.
    private func isDone(_ operation: Operation, _ id: String) throws -> Bool {
        let record = try client.get("/v1/media/\(id)")
        switch operation {
        case .upload, .publish: return record.json["isPublic"] == .bool(true)
        case .unpublish: return record.json["isPublic"] == .bool(false)
        case .replace: return record.json["version"] == .integer(2) && record.json["size"] == .integer(6000)
        case .delete, .destroy: return record.status == 404
        }
    }

    /// Performs an operation whose n-th call of a kind is struck, and checks what was answered.
    ///
    /// - Returns: whether there was an n-th call.
    private func survives(_ operation: Operation, _ blow: Blow, at step: Int, of call: String) throws -> Bool {
        let name = "\(blow.rawValue) \(operation) \(call) \(step)"
        var id = ""
        if operation != .upload {
            let made = try client.post("/v1/media", form(name, isPublic: operation != .publish))
            try #require(made.status == 201)
            id = made.json.id
        }
        var answer: HTTPResponse?
        let isStruck = try strike(blow, at: step, of: call, lane: operation.lane) {
            answer = try? perform(operation, on: id, name)
        }
        if blow == .kill, isStruck { try restart() }
        if let answer, (200...201).contains(answer.status) {
            #expect(try isDone(operation, operation == .upload ? answer.json.id : id), "\(name)")
        } else {
            #expect(isStruck, "\(name): failed by itself: \(answer?.text ?? "")")
        }
        return isStruck
    }

    @Test("at every step: what was answered holds, and nothing is left", arguments: Blow.allCases)
    private func everyStep(blow: Blow) throws {
        var steps: [Operation: Int] = [:]
        try restart()
        for operation in Operation.allCases {
            for call in Self.calls {
                var step = 1
                while try survives(operation, blow, at: step, of: call) { step += 1 }
                steps[operation, default: 0] += step - 1
            }
        }
        // What the operations are known to have at least.
        #expect(steps[.upload, default: 0] > 15 && steps[.unpublish, default: 0] > 10, "\(steps)")
        // The grace period of an upload, and the ten seconds after which a public link is taken for left behind.
        sleep(12)
        try instance.mediad("work", "--once")
        #expect(try StoreInvariants.violations(instance) == [])
    }
}
