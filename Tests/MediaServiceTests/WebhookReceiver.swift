import Foundation
import MediaCore
import MediaTesting

/// A webhook's receiver of the tests, which can be told what to answer.
final class WebhookReceiver {
    let url: String
    private let port: Int
    private let folder: TemporaryFolder
    private var process: ChildProcess?

    init() throws {
        folder = try TemporaryFolder()
        port = try Port.free()
        url = "http://127.0.0.1:\(port)/hooks"
        try answer("{}")
    }

    /// - Parameter secrets: with which it checks signatures, each for itself.
    func start(_ secrets: String...) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "webhook_receiver.py")
        process = try ChildProcess(
            TestTools.path("python3"),
            ["-B", script.path, String(port), secrets.joined(separator: ","), "\(folder.path)/rules", log],
            output: "\(folder.path)/output")
        guard eventually({ (try? RawConnection(port: port)) != nil }) else {
            let output = (try? String(contentsOfFile: "\(folder.path)/output", encoding: .utf8)) ?? ""
            throw TestFailure("the receiver does not start: \(output)")
        }
    }

    func stop() { process?.stop(SIGKILL) }

    /// Sets what it answers from now on.
    func answer(_ rules: String) throws {
        // In one step: it may be reading.
        try Data(rules.utf8).write(to: URL(filePath: "\(folder.path)/rules"), options: .atomic)
    }

    private var log: String { "\(folder.path)/log" }

    struct Request {
        let id: String
        let type: String
        let data: JSON
        let status: Int64
        /// For each secret whether it is signed with it.
        let signed: [Bool]
        let contentType: String
        /// When it came and was answered, in milliseconds.
        let time: ClosedRange<Int64>
        let event: JSON

        init(_ line: JSON) {
            id = line.text("id")
            event = line["event"] ?? .null
            type = event.text("type")
            data = event["data"] ?? .null
            if case .integer(let number)? = line["status"] { status = number } else { status = 0 }
            signed = (line["signed"]?.array ?? []).map { $0 == .bool(true) }
            contentType = line.text("type")
            guard case .integer(let from)? = line["from"], case .integer(let to)? = line["to"] else {
                time = 0...0
                return
            }
            time = from...to
        }
    }

    /// How many requests have come, answered or not.
    var begun: Int {
        get throws { try String(contentsOfFile: "\(log).begun", encoding: .utf8).split(separator: "\n").count }
    }

    /// All that has come, in the order of the answers.
    var requests: [Request] {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONParser.parse(Array($0.utf8)) }.map(Request.init)
    }

    /// What it has taken, each event once.
    var taken: [Request] {
        var seen: Set<String> = []
        return requests.filter { $0.status < 300 && seen.insert($0.id).inserted }
    }
}
