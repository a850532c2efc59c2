import Foundation

/// What `/proc` says of processes.
package enum ProcessTable {
    /// The processes that a process has started and that run.
    package static func children(of pid: Int32) -> [Int32] {
        let path = "/proc/\(pid)/task/\(pid)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }.filter(isRunning)
    }

    /// Whether there is such a process and it isn't merely waiting to be taken note of.
    package static func isRunning(_ pid: Int32) -> Bool {
        guard let state = state("/proc/\(pid)/stat") else { return false }
        return state != "Z" && state != "X"
    }

    /// Whether no thread of the process gets to run before `SIGCONT`.
    package static func isStopped(_ pid: Int32) -> Bool {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return !threads.isEmpty && threads.allSatisfy { state("/proc/\(pid)/task/\($0)/stat") == "T" }
    }

    /// A thread of a process, by the name that it has given it.
    package static func thread(_ name: String, of pid: Int32) throws -> Int32? {
        let folder = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: folder).first {
            let found = try? String(contentsOfFile: "\(folder)/\($0)/comm", encoding: .utf8)
            return found == "\(name)\n"
        }.flatMap { Int32($0) }
    }

    private static func state(_ path: String) -> Substring? {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(separator: ")").last?.split(separator: " ").first
    }

    /// The most memory that a process has had, in bytes.
    package static func peakBytes(of pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// Resident memory, in bytes.
    package static func residentBytes(of pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
