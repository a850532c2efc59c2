import FoundationEssentials
import Glibc

/// Programs that have outlived the process that has started them.
///
/// Each is to end with it, and there are moments in which none does: bubblewrap's inner process waits, not tied to the outer one yet,
/// until that has prepared its namespaces; where the outer one is killed then, it waits for ever.
package enum OrphanedTools {
    /// Ends those that work on files of a folder, where each has its home.
    ///
    /// - Returns: how many there were.
    package static func end(homesIn folder: String) throws -> Int {
        let tools = Set(
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
                .filter { hasHome($0, in: folder) })
        var count = 0
        for tool in tools {
            guard let parent = parent(of: tool), !tools.contains(parent), !isOfThisProgram(parent) else { continue }
            if kill(tool, SIGKILL) == 0 { count += 1 }
        }
        return count
    }

    /// False of a process that has ended by now, or is another user's.
    private static func hasHome(_ pid: pid_t, in folder: String) -> Bool {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
        return bytes.split(separator: 0).contains {
            let entry = String(decoding: $0, as: UTF8.self)
            return entry == "HOME=\(folder)" || entry.hasPrefix("HOME=\(folder)/")
        }
    }

    private static func parent(of pid: pid_t) -> pid_t? {
        Program.lines(of: "/proc/\(pid)/status").first { $0.hasPrefix("PPid:") }
            .flatMap { pid_t($0.dropFirst("PPid:".count).filter { $0 != "\t" }) }
    }

    /// By its name: the file may have been replaced by one of another version.
    private static func isOfThisProgram(_ pid: pid_t) -> Bool {
        Program.lines(of: "/proc/\(pid)/comm") == Program.lines(of: "/proc/\(getpid())/comm")
    }
}
