import CLinux
import Glibc

/// The host: its clock and its limits.
struct HostCheckup {
    private static let openFiles = 4096

    private let services: ServiceProcesses

    init(_ services: ServiceProcesses) {
        self.services = services
    }

    func findings() -> [Finding] { [clock(), limit()].compactMap(\.self) }

    private func clock() -> Finding {
        var state = timex()
        guard adjtimex(&state) == TIME_ERROR else { return .ok("clock", "kept right") }
        return .warning(
            "clock", "nothing keeps it right: tokens and links would end too early or too late",
            mend: "Run chrony or systemd-timesyncd.")
    }

    /// Of the service's own process: a shell has other limits than a unit.
    private func limit() -> Finding? {
        guard let supervisor = services.supervisor,
            let line = Program.lines(of: "/proc/\(supervisor)/limits").first(where: { $0.hasPrefix("Max open files") }),
            let hard = line.dropFirst("Max open files".count).split(separator: " ").dropFirst().first
        else { return nil }
        guard let number = Int(hard), number < Self.openFiles else { return .ok("limits", "\(hard) open files") }
        return .warning(
            "limits", "the service may open \(number) files only",
            mend: "Set LimitNOFILE=65536 in its unit (ulimit -Hn elsewhere).")
    }
}
