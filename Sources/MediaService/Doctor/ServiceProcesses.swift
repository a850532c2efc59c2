import Glibc
import MediaStorage

/// What of the service runs on this host.
struct ServiceProcesses {
    private static let subject = "processes"

    private let configuration: Configuration
    /// The process id of `mediad serve`; nil where it doesn't run.
    let supervisor: pid_t?

    init(_ configuration: Configuration) {
        self.configuration = configuration
        supervisor = RunLock.holder(folder: configuration.text(.runDirectory))
    }

    /// As which user the service runs; nil where it doesn't.
    var user: uid_t? { supervisor.flatMap(Self.user) }

    /// As which user a process runs.
    static func user(of process: pid_t) -> uid_t? {
        var status = stat()
        return stat("/proc/\(process)", &status) == 0 ? status.st_uid : nil
    }

    func findings() -> [Finding] { [serving(), working(), answering()] }

    private func serving() -> Finding {
        let folder = configuration.text(.runDirectory)
        guard let supervisor else {
            return .fault(
                Self.subject, "'mediad serve' doesn't run in \(folder)",
                mend: "Start it (systemctl start media-service); its log says why it ends.")
        }
        for name in ["api", "upload"] where !UnixSocket.isServed("\(folder)/\(name).sock") {
            return .fault(
                Self.subject, "nobody takes connections at \(folder)/\(name).sock",
                mend: "Look into the log of 'mediad serve', process \(supervisor).")
        }
        return .ok(Self.subject, "'mediad serve' runs as process \(supervisor)")
    }

    private func working() -> Finding {
        guard IncomingDigester.isRunning(runFolder: configuration.text(.runDirectory)) else {
            return .warning(
                Self.subject, "'mediad work' doesn't run on this host: large uploads take twice as long here",
                mend: "Start it (systemctl start media-work). One at least has to run on some host.")
        }
        return .ok(Self.subject, "'mediad work' runs")
    }

    private func answering() -> Finding {
        let url = configuration.text(.publicURL) + "/readyz"
        let limit = 1 << 16
        do {
            _ = try HTTPGet.body(of: url, limit: limit, milliseconds: 5000)
            return .ok(Self.subject, "\(url) says that all is ready")
        } catch {
            // The operator's own certificate may be known to nobody else.
            if let certificate = configuration.optionalText(.tlsCertificate),
                (try? HTTPGet.body(of: url, limit: limit, milliseconds: 5000, authority: certificate)) != nil
            {
                return .warning(
                    Self.subject, "\(url) says that all is ready, with a certificate that no authority has signed",
                    mend: "Get one from an authority, such as with certbot; clients refuse this one.")
            }
            return .fault(
                Self.subject, "no good answer from outside: \(error)",
                mend: "Does nginx run with the site, does MEDIA_PUBLIC_URL lead to it, is its certificate known here?")
        }
    }
}
