import Foundation
import MediaCore
import MediaTesting
import Testing

/// What the hot paths cost a worker, counted below Valgrind. Numbers of instructions and allocations are the same on every machine, so they can
/// be held to a budget as a duration can't; `deploy/bench profile` holds a release build to its own.
struct BudgetTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Benchmarks").path

    @Test("a decision on a download, a record, a list and a message stay within their budgets")
    func budgets() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_WORKERS": "1"])
        let client = try instance.client()
        let media = try client.upload(Samples.text("budget"), name: "a.txt", user: "anna")
        for number in 1..<20 { _ = try client.upload(Samples.text("\(number)"), name: "\(number).txt", user: "anna") }
        let link = try client.json("POST", "/v1/media/\(media.id)/links", #"{"expiresIn":3600}"#).json.text("url")
        let key = "Bearer \(try instance.key("media:read"))"
        let requests: [(String, [String: String])] = [
            ("download, API key", ["target": "/m/\(media.id)", "authorization": key]),
            ("download, signed link", ["target": String(link.dropFirst(instance.baseURL.count))]),
            ("record", ["target": "/v1/media/\(media.id)", "authorization": key]),
            ("list of 20 records", ["target": "/v1/users/anna/media?limit=20", "authorization": key]),
            (
                "findOne",
                [
                    "target": "/v1/rpc", "authorization": key, "method": "POST", "type": "application/json",
                    "body": #"{"pattern":"media.findOne","data":{"id":"\#(media.id)"},"id":"1"}"#,
                ]
            ),
        ]
        let order = JSON.object(
            requests.map { name, request in
                .init(name, .object(request.map { JSON.Member($0.key, .string($0.value)) }))
            })
        let counted = try Command(
            "python3",
            [
                "-B", "\(Self.folder)/profiling.py", "--mediad", ServiceFolders.mediad, "--kind", "debug", "--requests",
                order.text,
            ], environment: instance.environment)
        #expect(counted.status == 0, "\(counted.text)\(counted.errors.suffix(2000))")
    }
}
