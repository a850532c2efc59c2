import Foundation
package import MediaCore

/// A server of the tests' own that a script in `Servers/` starts. It says in a line of JSON where it is.
package final class PrivateServer: Sendable {
    /// What it says.
    package let description: JSON
    package let folder: String
    private let temporary: TemporaryFolder
    private let process: ChildProcess

    /// - Parameter arguments: behind its folder.
    package init(_ script: String, _ arguments: [String] = [], within seconds: Double = 90) throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Servers/\(script).py").path
        temporary = try TemporaryFolder()
        folder = try temporary.folder("server")
        let output = "\(temporary.path)/output"
        process = try ChildProcess(
            TestTools.path("python3"), ["-B", path, folder] + arguments, output: output, hasInput: true)
        var said: JSON?
        let process = process
        _ = eventually(within: seconds) {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            said = text.split(separator: "\n").lazy.compactMap { try? JSONParser.parse(Array($0.utf8)) }
                .first { $0["endpoint"] != nil }
            return said != nil || !process.isRunning
        }
        guard let said else {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            throw TestFailure("\(script) did not start: \(text.suffix(2000))")
        }
        description = said
    }

    package var endpoint: String { description["endpoint"]?.string ?? "" }

    package func stop() { process.stop(SIGTERM, within: 20) }

    /// Those that all tests share, each of which has its buckets.
    package static func shared(_ script: String, _ arguments: [String] = []) throws -> PrivateServer {
        try servers.server(script, arguments)
    }

    private static let servers = Servers()

    private final class Servers: @unchecked Sendable {
        private let lock = NSLock()
        private var running: [String: Result<PrivateServer, any Error>] = [:]

        func server(_ script: String, _ arguments: [String]) throws -> PrivateServer {
            try lock.withLock {
                let result = running[script] ?? Result { try PrivateServer(script, arguments) }
                running[script] = result
                return try result.get()
            }
        }
    }
}
