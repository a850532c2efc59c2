import Glibc
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// A worker killed at each step of a request with an `Idempotency-Key`: the second try finds out what became of the first.
@Suite struct IdempotencyCrashTests {
    private enum Operation: CaseIterable {
        case upload, link, restore, bulk
    }

    private let worker: StruckWorker
    private let client: HTTPClient

    init() throws {
        worker = try StruckWorker()
        client = worker.client
    }

    private func send(_ operation: Operation, _ id: String, _ key: String) throws -> HTTPResponse {
        var headers = ["Idempotency-Key": key]
        if operation != .upload { headers["Content-Type"] = "application/json" }
        switch operation {
        case .upload:
            return try client.post(
                "/v1/media?name=a.mp4&userId=\(key)&isPublic=true", headers: headers,
                .bytes(Samples.mp4(key, size: 5000)))
        case .link:
            return try client.post(
                "/v1/media/\(id)/links", headers: headers, .text(#"{"expiresIn":600,"maxUses":1}"#))
        case .restore: return try client.post("/v1/media/\(id)/restore", headers: headers, .none)
        case .bulk:
            let item = #"{"op":"update","id":"\#(id)","changes":{"title":"\#(key)"}}"#
            return try client.post("/v1/media/bulk", headers: headers, .text(#"{"operations":[\#(item)]}"#))
        }
    }

    /// Checks that the operation was done once.
    private func expectOnce(_ operation: Operation, _ id: String, _ answer: HTTPResponse, _ key: String) throws {
        let connection = worker.instance.connection()
        func number(_ sql: String, _ parameters: [Value]) throws -> [Int64] {
            try connection.query(sql, parameters) { (row) throws(MariaDBError) in try row.integer(0) }
        }
        switch operation {
        case .upload:
            #expect(
                try number(
                    "SELECT b.reference_count FROM blobs b JOIN media m USING (sha256) WHERE m.user_id = ?",
                    [.text(key)]) == [1], "\(key)")
            #expect(try client.get("/m/\(answer.json.id)").body == Samples.mp4(key, size: 5000), "\(key)")
        case .link:
            #expect(try number("SELECT COUNT(*) FROM signed_links WHERE media_id = ?", [.text(id)]) == [1], "\(key)")
            #expect(try worker.instance.anonymous.get(answer.json.text("url")).status == 200, "\(key)")
        case .restore:
            #expect(try client.get("/v1/media/\(id)")["ETag"] == "\"3\"", "\(key)")
            // Replayed or not, what is public again can be had.
            #expect(try worker.instance.anonymous.get("/p/\(id)/a.mp4").status == 200, "\(key)")
        case .bulk:
            #expect(try client.get("/v1/media/\(id)")["ETag"] == "\"2\"", "\(key)")
        }
    }

    /// - Returns: whether there was an n-th call, and whether the second try was answered what the first one had done.
    private func survives(_ operation: Operation, at step: Int, of call: String) throws -> (Bool, Bool) {
        let key = "\(operation)-\(call)-\(step)"
        let id = try client.upload(
            Samples.mp4("\(key) x", size: 5000), name: "a.mp4", user: "u", query: "isPublic=true"
        ).id
        if operation == .restore { _ = try client.delete("/v1/media/\(id)") }
        let isStruck = try worker.strike(.kill, at: step, of: call, lane: operation == .upload ? "upload" : "api") {
            _ = try? send(operation, id, key)
        }
        guard isStruck else { return (false, false) }
        try worker.restart()
        // At once: nobody waits for the lease of a process that is gone.
        let answer = try send(operation, id, key)
        #expect((200...201).contains(answer.status), "\(key): \(answer.text)")
        try expectOnce(operation, id, answer, key)
        return (true, answer["Idempotency-Replayed"] == "true")
    }

    @Test("killed at any step, a request is done once", arguments: Operation.allCases)
    private func everyStep(operation: Operation) throws {
        try worker.restart()
        var (steps, replays) = (0, 0)
        // What is said to MariaDB, and what comes after it: the log and the answer.
        for call in ["sendto", "write"] {
            for step in 1... {
                let (isStruck, isReplayed) = try survives(operation, at: step, of: call)
                guard isStruck else { break }
                steps += 1
                if isReplayed { replays += 1 }
            }
        }
        #expect(steps > 8 && replays > 0 && replays < steps, "\(steps) steps, \(replays) answered again")
        // The grace period of an upload, and the ten seconds after which a public link is taken for left behind.
        sleep(12)
        try worker.instance.mediad("work", "--once")
        #expect(try StoreInvariants.violations(worker.instance) == [])
    }
}
