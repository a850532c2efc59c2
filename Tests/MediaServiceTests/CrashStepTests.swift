import Foundation
import MediaCore
import MediaTesting
import Testing

/// An operation with each of its steps in turn struck by `kill -9`, or made to fail: every call that changes the file
/// system or talks to MariaDB is the last one that a worker makes, or the one that fails.
@Suite struct CrashStepTests {
    private enum Operation: CaseIterable {
        /// `uploadAgain`: of a content that a private record has.
        case upload, uploadAgain, replace, publish, unpublish, delete, destroy

        var lane: String { makesRecord || self == .replace ? "upload" : "api" }
        var makesRecord: Bool { self == .upload || self == .uploadAgain }
    }

    /// `sendto` is what is said to MariaDB.
    private static let calls = ["link", "fsync", "mkdir", "unlink", "rmdir", "sendto"]

    private let worker: StruckWorker
    private let client: HTTPClient

    init() throws {
        worker = try StruckWorker()
        client = worker.client
    }

    private func form(_ name: String, isPublic: Bool) -> HTTPClient.Body {
        .form([
            .text("userId", "u"), .text("entityType", "lesson"), .text("entityId", "l"),
            .text("isPublic", "\(isPublic)"), .file("f", name: "a.mp4", type: nil, Samples.mp4(name, size: 5000)),
        ])
    }

    private func perform(_ operation: Operation, on id: String, _ name: String) throws -> HTTPResponse {
        switch operation {
        case .upload, .uploadAgain: try client.post("/v1/media", form(name, isPublic: true))
        case .publish: try client.patch("/v1/media/\(id)", "{\"isPublic\":true}")
        case .unpublish: try client.patch("/v1/media/\(id)", "{\"isPublic\":false}")
        case .replace: try client.send("PUT", "/v1/media/\(id)/file", .bytes(Samples.mp4("new \(name)", size: 6000)))
        case .delete: try client.delete("/v1/media/\(id)?force=true")
        case .destroy: try client.delete("/v1/media/\(id)?hard=true&force=true")
        }
    }

    /// Whether the record is as its operation leaves it.
    private func isDone(_ operation: Operation, _ id: String) throws -> Bool {
        let record = try client.get("/v1/media/\(id)")
        switch operation {
        case .upload, .uploadAgain, .publish: return record.json["isPublic"] == .bool(true)
        case .unpublish: return record.json["isPublic"] == .bool(false)
        case .replace: return record.json["version"] == .integer(2) && record.json["size"] == .integer(6000)
        case .delete, .destroy: return record.status == 404
        }
    }

    /// Performs an operation whose n-th call of a kind is struck, and checks what was answered.
    ///
    /// - Returns: whether there was an n-th call.
    private func survives(_ operation: Operation, _ blow: StruckWorker.Blow, at step: Int, of call: String) throws
        -> Bool
    {
        let name = "\(blow.rawValue) \(operation) \(call) \(step)"
        var id = ""
        if operation != .upload {
            let isPublic = operation != .publish && operation != .uploadAgain
            let made = try client.post("/v1/media", form(name, isPublic: isPublic))
            try #require(made.status == 201)
            id = made.json.id
        }
        var answer: HTTPResponse?
        let isStruck = try worker.strike(blow, at: step, of: call, lane: operation.lane) {
            answer = try? perform(operation, on: id, name)
        }
        if blow == .kill, isStruck { try worker.restart() }
        if let answer, (200...201).contains(answer.status) {
            #expect(try isDone(operation, operation.makesRecord ? answer.json.id : id), "\(name)")
        } else {
            #expect(isStruck, "\(name): failed by itself: \(answer?.text ?? "")")
        }
        return isStruck
    }

    @Test("at every step: what was answered holds, and nothing is left", arguments: StruckWorker.Blow.allCases)
    private func everyStep(blow: StruckWorker.Blow) throws {
        var steps: [Operation: Int] = [:]
        try worker.restart()
        for operation in Operation.allCases {
            for call in Self.calls {
                var step = 1
                while try survives(operation, blow, at: step, of: call) { step += 1 }
                steps[operation, default: 0] += step - 1
            }
        }
        // What the operations are known to have at least.
        #expect(steps[.upload, default: 0] > 15 && steps[.unpublish, default: 0] > 10, "\(steps)")
        // The grace period of an upload, and the ten seconds after which a public link is taken for left behind. A name in staging/
        // is as old as the last change of its file's names, which the first round may make.
        for _ in 1...2 {
            sleep(12)
            try worker.instance.mediad("work", "--once")
        }
        #expect(try StoreInvariants.violations(worker.instance) == [])
    }
}
