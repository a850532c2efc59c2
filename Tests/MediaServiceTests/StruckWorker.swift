import Foundation
import Glibc
import MediaTesting
import Testing

/// A service with one worker whose calls can be struck: each lane has one thread, so that the calls of an operation are
/// those of one thread.
struct StruckWorker {
    /// What strace does to the n-th call.
    enum Blow: String, CaseIterable, CustomTestStringConvertible {
        case kill = "signal=KILL"
        case inputOutputError = "error=EIO"
        case noSpace = "error=ENOSPC"

        var testDescription: String { rawValue }
    }

    let instance: ServiceInstance
    let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(settings: [
            "MEDIA_WORKERS": "1", "MEDIA_API_THREADS": "1", "MEDIA_UPLOAD_THREADS": "1", "MEDIA_STREAM_THREADS": "1",
            "MEDIA_UPLOAD_GRACE": "1",
        ])
        client = try instance.client()
    }

    /// Strikes the n-th call of a kind in the lane's thread while `body` runs.
    ///
    /// - Parameter lane: `api`, `upload` or `stream`.
    /// - Returns: whether there was an n-th call.
    func strike(_ blow: Blow, at step: Int, of call: String, lane: String, _ body: () throws -> Void) throws -> Bool {
        let worker = try #require(instance.workers.first)
        let thread = try #require(try ProcessTable.thread(lane, of: worker), "no thread of the \(lane) lane")
        let log = "\(instance.folders.state)/log/strace.log"
        try? FileManager.default.removeItem(atPath: log)
        let strace = try ChildProcess(
            "strace",
            ["-e", "trace=\(call)", "-e", "inject=\(call):\(blow.rawValue):when=\(step)"]
                + ["-p", String(thread)], output: log)
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
    func restart() throws {
        let old = instance.workers
        instance.supervisor?.stop(SIGKILL)
        // They answer what is on its way to them, and end a moment later.
        try #require(eventually { !old.contains(where: ProcessTable.isRunning) })
        try instance.startWorkers()
        try instance.waitUntilReady()
        // Connections and statements of both lanes are there before calls are counted.
        _ = try client.get("/v1/media?limit=1")
        _ = try client.upload(Samples.mp4("warm \(UUID())", size: 5000), name: "a.mp4", user: "u")
        try #require(try client.get("/healthz").status == 200)
    }
}
