import Foundation
import MediaCore
import MediaTesting

/// A server of one file, whose faults a URL's query asks for (`file_server.py`).
final class FileServer {
    let port: Int
    private let folder: TemporaryFolder
    private let process: ChildProcess

    init(_ bytes: [UInt8]) throws {
        folder = try TemporaryFolder()
        port = try Port.free()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "file_server.py")
        let file = try folder.file("file", bytes)
        process = try ChildProcess(
            "python3", ["-B", script.path, String(port), file, "\(folder.path)/log"], output: "\(folder.path)/output")
        let port = port
        guard eventually({ (try? RawConnection(port: port)) != nil }) else {
            throw TestFailure("the file server does not start")
        }
    }

    func url(_ query: String = "") -> String {
        "http://127.0.0.1:\(port)/a%20file.txt\(query.isEmpty ? "" : "?\(query)")"
    }

    /// What it was asked for.
    var requests: [JSON] {
        let text = (try? String(contentsOfFile: "\(folder.path)/log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONParser.parse(Array($0.utf8)) }
    }
}
