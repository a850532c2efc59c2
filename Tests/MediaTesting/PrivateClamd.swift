import Foundation

/// A clamd of the tests' own, with a signature of its own.
package final class PrivateClamd {
    /// What every scanner knows and does no harm (https://www.eicar.org), put together so that this file isn't it.
    package static let eicar = #"X5O!P%@AP[4\PZX54(P^)7CC)7}$"# + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    /// The signature's name, as clamd says it.
    package static let signature = "Eicar-Local.UNOFFICIAL"

    package let socket: String
    private let folder: TemporaryFolder
    private var process: ChildProcess?

    /// - Parameter maxBytes: of a file that it takes.
    package init(maxBytes: Int = 5_000_000) throws {
        folder = try TemporaryFolder()
        socket = "\(folder.path)/clamd.ctl"
        let database = try folder.folder("database")
        let hex = Self.eicar.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try Data("Eicar-Local:0:*:\(hex)\n".utf8).write(to: URL(filePath: "\(database)/local.ndb"))
        let settings = """
            Foreground yes
            LocalSocket \(socket)
            DatabaseDirectory \(database)
            StreamMaxLength \(maxBytes)
            PidFile \(folder.path)/pid
            User root
            """
        _ = try folder.file("clamd.conf", Array((settings + "\n").utf8))
        try start()
    }

    package func start() throws {
        process = try ChildProcess(
            "/usr/sbin/clamd", ["--config-file=\(folder.path)/clamd.conf"], output: "\(folder.path)/output")
        let isUp = eventually(within: 30) { access(socket, F_OK) == 0 }
        guard isUp else {
            let output = (try? String(contentsOfFile: "\(folder.path)/output", encoding: .utf8)) ?? ""
            throw TestFailure("clamd did not start: \(output)")
        }
    }

    package func stop() {
        process?.stop(SIGTERM, within: 10)
        try? FileManager.default.removeItem(atPath: socket)
    }
}
