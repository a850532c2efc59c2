import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// The request that completes an upload in pieces, and the one that joins parts, with each of their steps in turn struck by
/// `kill -9`, or made to fail: whoever goes on as the protocol says has the file in the end, once.
struct TusStepTests {
    /// `sendto` is what is said to MariaDB.
    private static let calls = ["link", "rename", "fsync", "copy_file_range", "unlink", "sendto"]
    /// The lane of uploads in pieces.
    private static let lane = "stream"

    private let worker: StruckWorker
    private let client: HTTPClient

    init() throws {
        worker = try StruckWorker()
        client = worker.client
    }

    /// Goes on with an upload until it is complete, as its client would.
    private func finish(_ url: String, _ bytes: [UInt8]) throws -> HTTPResponse? {
        for _ in 0..<10 {
            let head = try client.headUpload(url)
            guard head.status == 200, let offset = head["Upload-Offset"].flatMap({ Int($0) }) else { continue }
            if head["Media-Id"] != nil { return head }
            // A final upload has its bytes from others; to ask for it goes on with it.
            if offset < bytes.count, head["Upload-Concat"] == nil {
                _ = try? client.patchUpload(url, at: offset, Array(bytes[offset...]))
            }
        }
        return nil
    }

    /// - Returns: whether there was an n-th call.
    private func lastPiece(_ blow: StruckWorker.Blow, at step: Int, of call: String) throws -> Bool {
        let name = "\(blow.rawValue) piece \(call) \(step)"
        let bytes = Samples.mp4(name, size: 60_000)
        let url = try client.beginUpload(bytes.count, user: name)
        try #require(try client.patchUpload(url, at: 0, Array(bytes[..<20_000])).status == 204)
        var answer: HTTPResponse?
        let isStruck = try worker.strike(blow, at: step, of: call, lane: Self.lane) {
            answer = try? client.patchUpload(url, at: 20_000, Array(bytes[20_000...]))
        }
        if blow == .kill, isStruck { try worker.restart() }
        if answer?.status == 204 { #expect(answer?["Media-Id"] != nil, "\(name)") }
        let end = try #require(try finish(url, bytes), "\(name): \(answer?.text ?? "")")
        #expect(try client.uploadedFile(end) == bytes, "\(name)")
        #expect(
            try client.get("/v1/users/\(PercentEncoding.pathSegment(name))/media").json["total"] == .integer(1),
            "\(name)")
        return isStruck
    }

    /// - Returns: whether there was an n-th call.
    private func joining(_ blow: StruckWorker.Blow, at step: Int, of call: String) throws -> Bool {
        let name = "\(blow.rawValue) join \(call) \(step)"
        let bytes = Samples.mp4(name, size: 60_000)
        let parts = try [bytes[..<30_000], bytes[30_000...]].map { piece in
            let created = try client.createUpload(piece.count, user: name, ["Upload-Concat": "partial"])
            let url = try #require(created["Location"])
            try #require(try client.patchUpload(url, at: 0, Array(piece)).status == 204)
            return url
        }
        var answer: HTTPResponse?
        let isStruck = try worker.strike(blow, at: step, of: call, lane: Self.lane) {
            answer = try? client.createUpload(
                nil, user: name, ["Upload-Concat": "final;\(parts.joined(separator: " "))"])
        }
        if blow == .kill, isStruck { try worker.restart() }
        if answer?.status == 201 {
            #expect(try client.uploadedFile(try #require(answer)) == bytes, "\(name)")
        } else {
            #expect(isStruck, "\(name): failed by itself: \(answer?.text ?? "")")
            // Its client has no name for it, and asks for it anew, unless the record was there by then.
            let total = try client.get("/v1/users/\(PercentEncoding.pathSegment(name))/media").json["total"]
            if total == .integer(0) {
                let again = try client.createUpload(
                    nil, user: name, ["Upload-Concat": "final;\(parts.joined(separator: " "))"])
                #expect(try client.uploadedFile(again) == bytes, "\(name): \(again.text)")
            }
        }
        #expect(
            try client.get("/v1/users/\(PercentEncoding.pathSegment(name))/media").json["total"] == .integer(1),
            "\(name)")
        return isStruck
    }

    @Test("at every step: whoever goes on has the file, once", arguments: StruckWorker.Blow.allCases)
    func everyStep(blow: StruckWorker.Blow) throws {
        try worker.restart()
        var steps = 0
        for call in Self.calls {
            for operation in [lastPiece, joining] {
                var step = 1
                while try operation(blow, step, call) { step += 1 }
                steps += step - 1
            }
        }
        #expect(steps > 30)
        // The grace period of an upload, and the ten seconds after which a public link is taken for left behind.
        sleep(12)
        try worker.instance.connection().transaction { connection in
            try connection.execute("UPDATE resumable_uploads SET expires_at = '2020-01-01' WHERE media_id IS NULL")
        }
        try worker.instance.mediad("work", "--once")
        #expect(try StoreInvariants.violations(worker.instance) == [])
        #expect(worker.instance.folders.files("partial") == [])
    }
}
