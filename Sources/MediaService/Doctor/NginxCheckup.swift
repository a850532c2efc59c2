import Glibc

/// nginx: its modules, its user, and whether its files are those of the settings.
struct NginxCheckup {
    private static let subject = "nginx"
    private static let usualFolder = "/etc/nginx/media/instance"

    private let configuration: Configuration
    private let services: ServiceProcesses
    private let folder: String?

    init(_ configuration: Configuration, _ services: ServiceProcesses, folder: String?) {
        self.configuration = configuration
        self.services = services
        self.folder = folder ?? (access(Self.usualFolder, F_OK) == 0 ? Self.usualFolder : nil)
    }

    func findings() -> [Finding] { [modules(), user(), files()].compactMap(\.self) }

    private func modules() -> Finding {
        guard let (_, text) = Program.run(["nginx", "-V"]) else {
            return .warning(
                Self.subject, "the program isn't on the PATH, so its modules aren't known",
                mend: "Install nginx on this host, or ignore this where it is elsewhere on it.")
        }
        let missing = ["http_auth_request_module", "http_realip_module", "http_ssl_module", "http_v2_module"].filter {
            !text.contains("--with-\($0)")
        }
        guard missing.isEmpty else {
            return .fault(
                Self.subject, "is built without \(missing.joined(separator: ", "))", mend: "Install Debian's nginx.")
        }
        return .ok(Self.subject, "has all modules")
    }

    /// nginx's workers write upload bodies that only their user may read, and read what the service's workers write.
    private func user() -> Finding? {
        guard let own = services.user else { return nil }
        let users = Set(Self.workers().compactMap(ServiceProcesses.user))
        if users.isEmpty {
            return .fault(Self.subject, "no worker process of it runs", mend: "Start nginx: systemctl start nginx")
        }
        guard users.contains(own) else {
            return .fault(
                Self.subject,
                "its workers run as user \(users.map(String.init).sorted().joined(separator: ", ")), "
                    + "the service as \(own): uploads can't be handed over",
                mend: "Run both as one user: nginx's directive 'user', the units' User=.")
        }
        return .ok(Self.subject, "runs as the service's user")
    }

    private static func workers() -> [pid_t] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let process = pid_t(name), let line = Program.lines(of: "/proc/\(process)/cmdline").first,
                line.hasPrefix("nginx: worker process"), !line.contains("shutting down")
            else { continue }
            found.append(process)
        }
        return found
    }

    private func files() -> Finding? {
        guard let folder else { return nil }
        let files: [(name: String, text: String)]
        do {
            files = try NginxInstance(configuration).files
        } catch {
            return .fault(Self.subject, error.description, mend: "mend the file that the setting names")
        }
        let stale = files.filter { name, text in
            Program.lines(of: "\(folder)/\(name).conf") != text.split(separator: "\n")
        }
        guard stale.isEmpty else {
            return .fault(
                Self.subject, "\(stale.map(\.name).joined(separator: ", ")) in \(folder) aren't what the settings say",
                mend: "mediad nginx \(folder) && nginx -t && nginx -s reload")
        }
        return .ok(Self.subject, "its files are those of the settings")
    }
}
