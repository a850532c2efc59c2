import FoundationEssentials
import Glibc
import MediaCore

/// Names a process for good: by its host's boot, its id and when it started. Another process of the same host can tell whether it
/// has ended.
enum ProcessMark {
    /// The boot of this host, 16 bytes: as long as it lasts, nothing that was written to a file is lost.
    static let boot: [UInt8] = {
        let text = Program.lines(of: "/proc/sys/kernel/random/boot_id").first ?? ""
        return Hex.decode(text.filter { $0 != "-" }) ?? [UInt8](repeating: 0, count: 16)
    }()

    static let own = mark(getpid())

    private static func mark(_ pid: pid_t) -> String { "\(Hex.encode(boot)):\(pid):\(start(pid) ?? "")" }

    /// When a process started, in the kernel's ticks; nil where there is none.
    private static func start(_ pid: pid_t) -> String? {
        // Behind the program's name, which may hold anything, it is the twentieth word (proc(5)).
        guard let line = Program.lines(of: "/proc/\(pid)/stat").first, let end = line.lastIndex(of: ")") else {
            return nil
        }
        let words = line[line.index(after: end)...].split(separator: " ")
        return words.count > 19 ? String(words[19]) : nil
    }

    /// Whether a process has ended; false where that can't be told from here.
    static func isDead(_ mark: String) -> Bool {
        let parts = mark.split(separator: ":")
        guard parts.count == 3, parts[0] == Hex.encode(boot), let pid = pid_t(parts[1]) else { return false }
        return Self.mark(pid) != mark
    }
}
