internal import CLinux
internal import Glibc

/// What keeps a program apart that reads what strangers have sent.
///
/// Limits on memory, time and files hold everywhere (setrlimit); where the system lets bubblewrap make namespaces, the program
/// also sees no network, no other process, and of the files only its own program, its source and its folder, and the kernel refuses it
/// what no decoder needs (`syscall-filter.h`).
package struct Sandbox: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Namespaces where they can be had.
        case auto
        /// Namespaces, or nothing is run.
        case bubblewrap
        /// Limits alone.
        case limits
    }

    package struct Limits: Sendable {
        /// Bytes of address space.
        package var memory: Int64
        /// Seconds of one processor.
        package var processorTime: Int
        /// Seconds.
        package var time: Int
        /// Bytes of a file that it writes.
        package var fileSize: Int64
        /// Bytes that it may say.
        package var output = 16 << 20

        package init(memory: Int64, processorTime: Int, time: Int, fileSize: Int64) {
            self.memory = memory
            self.processorTime = processorTime
            self.time = time
            self.fileSize = fileSize
        }
    }

    /// Whether namespaces are made.
    package let hasNamespaces: Bool

    /// - Throws: where namespaces are asked for and can't be had, with the reason.
    package init(_ kind: Kind) throws(ToolFailure) {
        switch kind {
        case .limits: hasNamespaces = false
        case .bubblewrap:
            try Self.tryNamespaces()
            hasNamespaces = true
        case .auto:
            do {
                try Self.tryNamespaces()
                hasNamespaces = true
            } catch {
                hasNamespaces = false
            }
        }
    }

    private init(hasNamespaces: Bool) { self.hasNamespaces = hasNamespaces }

    private static func tryNamespaces() throws(ToolFailure) {
        let limits = Limits(memory: 1 << 30, processorTime: 5, time: 5, fileSize: 0)
        do {
            _ = try Tool(sandbox: Sandbox(hasNamespaces: true), limits: limits).run(
                "/usr/bin/true", [], folder: "/tmp", check: {})
        } catch let failure as ToolFailure {
            throw failure
        } catch {
            throw ToolFailure(kind: .notStarted, program: "bwrap", lastLines: "\(error)")
        }
    }

    /// Where the program of `callFilter` is read from.
    static let callFilterDescriptor: Int32 = 3

    /// Which system calls it is refused, for the kernel.
    static let callFilter: [UInt8] = {
        var instructions = [sock_filter](repeating: sock_filter(), count: 512)
        let count = unsafe media_syscall_filter(&instructions)
        return unsafe instructions.prefix(Int(count)).withUnsafeBytes { unsafe Array($0) }
    }()

    static let environment = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8"]

    /// The command line that runs a program within it.
    func command(
        _ program: String, _ arguments: [String], reads: [String], folder: String, _ limits: Limits
    ) -> [String] {
        let words = [
            "/usr/bin/prlimit", "--as=\(limits.memory)", "--cpu=\(limits.processorTime):\(limits.processorTime + 1)",
            "--fsize=\(limits.fileSize)", "--nofile=256", "--core=0", "--",
            // Dies with the thread that has started it.
            "/usr/bin/setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--",
        ]
        guard hasNamespaces else { return words + ["/usr/bin/env", "--chdir=\(folder)", program] + arguments }
        var bubble = ["/usr/bin/bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        bubble += ["--seccomp", "\(Self.callFilterDescriptor)"]
        bubble += ["--ro-bind", "/usr", "/usr"]
        for name in ["bin", "sbin", "lib", "lib64", "lib32"] where Self.isLink("/\(name)") {
            bubble += ["--symlink", "usr/\(name)", "/\(name)"]
        }
        for path in [
            "/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives", "/etc/libreoffice", "/var/cache/fontconfig",
        ] {
            bubble += ["--ro-bind-try", path, path]
        }
        for path in Self.runtime { bubble += ["--ro-bind", path, path] }
        bubble += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
        // No file in memory, which no limit holds for.
        bubble += ["--bind", folder, "/tmp"]
        for path in reads { bubble += ["--ro-bind", path, path] }
        if folder != "/tmp" { bubble += ["--bind", folder, folder] }
        return words + bubble + ["--remount-ro", "/", "--chdir", folder, "--", program] + arguments
    }

    /// Where the Swift runtime lies that a development build is linked with, outside of /usr.
    private static let runtime: [String] = {
        guard let maps = unsafe fopen("/proc/self/maps", "re") else { return [] }
        defer { unsafe fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { unsafe free(line) }
        while unsafe getline(&line, &capacity, maps) > 0, let line = unsafe line {
            let path = unsafe String(cString: line).drop { $0 != "/" }.prefix { $0 != "\n" }
            guard path.hasSuffix("/libswiftCore.so"), !path.hasPrefix("/usr/") else { continue }
            return [String(path.dropLast("/libswiftCore.so".count))]
        }
        return []
    }()

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
