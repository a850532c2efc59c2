import CLinux
import Glibc
import MediaStorage

/// The store and the run folder.
struct StoreCheckup {
    private static let subject = "store"

    private let configuration: Configuration
    private let services: ServiceProcesses

    init(_ configuration: Configuration, _ services: ServiceProcesses) {
        self.configuration = configuration
        self.services = services
    }

    func findings() -> [Finding] {
        [owner(), grace(), scanner()].compactMap(\.self) + store() + [runFolder()]
    }

    private func scanner() -> Finding? {
        guard let address = configuration.scanner else { return nil }
        do {
            let version = try VirusScanner(address, seconds: 5).version()
            return .ok("scanner", "clamd answers: \(version)")
        } catch {
            return .fault(
                "scanner", "\(error)",
                mend:
                    "Is clamd running, and may this user use its socket? MEDIA_CLAMD_UNAVAILABLE says what happens meanwhile."
            )
        }
    }

    /// An upload may pause for as long as nginx waits for its client.
    private func grace() -> Finding? {
        let (grace, timeout) = (configuration.number(.uploadGrace), configuration.number(.clientTimeout))
        guard grace <= 2 * timeout else { return nil }
        return .warning(
            Self.subject, "uploads that pause are taken for abandoned: MEDIA_UPLOAD_GRACE is \(grace) s",
            mend: "Set it to much more than MEDIA_CLIENT_TIMEOUT (\(timeout) s), such as 1h.")
    }

    private func owner() -> Finding? {
        let root = configuration.text(.storeDirectory)
        var status = stat()
        guard stat(root, &status) == 0, status.st_uid != geteuid() else { return nil }
        return .warning(
            Self.subject, "\(root) belongs to user \(status.st_uid), and this runs as \(geteuid())",
            mend: "Run 'mediad doctor' as the service's user, such as with: setpriv --reuid … or sudo -u …")
    }

    private func store() -> [Finding] {
        let storage = configuration.storage
        do {
            try storage.checkTakesFiles()
        } catch {
            return [fault(error)]
        }
        var findings: [Finding] = [.ok(Self.subject, "takes files, on one file system")]
        var system = statfs()
        guard statfs(storage.root, &system) == 0 else { return findings }
        if let finding = kind(Int64(system.f_type)) { findings.append(finding) }
        findings.append(room(system))
        return findings
    }

    private func fault(_ error: StorageError) -> Finding {
        let root = configuration.text(.storeDirectory)
        let mend =
            switch error.code {
            case ENOENT: "Make \(root), owned by the service's user; 'mediad serve' makes what is inside."
            case EACCES, EPERM: "chown -R the store to the user that 'mediad serve' and nginx's workers run as."
            case EXDEV: "incoming, staging, objects and public must be on one file system: no mounts inside the store."
            case ENOSPC, EDQUOT: "Make room, or move the store: uploads are refused."
            case EROFS: "The file system is mounted read-only: look into the kernel's log, repair, mount it anew."
            default: "MEDIA_STORE_DIR must name a folder of the service's user on a local file system."
            }
        return .fault(Self.subject, "takes no files: \(error)", mend: mend)
    }

    private func kind(_ type: Int64) -> Finding? {
        // From <linux/magic.h>.
        let names: [Int64: (String, String)] = [
            0x0102_1994: ("tmpfs", "is gone after a restart"), 0x6969: ("NFS", "gives no promise on fsync and links"),
            0x794C_7630: ("overlayfs", "is gone with its container"),
        ]
        guard let (name, what) = names[type] else { return nil }
        return .warning(
            Self.subject, "is on \(name), which \(what)", mend: "Put the store on a local disk: ext4, XFS, ZFS.")
    }

    private func room(_ system: statfs) -> Finding {
        let free = Int64(system.f_bavail) * Int64(system.f_bsize)
        let reserve = Int64(configuration.number(.storeReserve))
        let wanted = max(reserve + Int64(configuration.number(.uploadBytes)), 1)
        let gigabytes = "\(free >> 30) GiB are free"
        if system.f_files > 0, system.f_ffree < system.f_files / 100 {
            return .warning(
                "room", "\(system.f_ffree) inodes are left", mend: "Make the file system anew with more inodes.")
        }
        guard free > reserve else {
            return .fault(
                "room", "\(gigabytes), less than MEDIA_STORE_RESERVE_BYTES: uploads get 507", mend: "Make room.")
        }
        guard free > wanted else {
            return .warning(
                "room", "\(gigabytes), less than one upload of MEDIA_UPLOAD_MAX_BYTES needs", mend: "Make room soon.")
        }
        return .ok("room", gigabytes)
    }

    private func runFolder() -> Finding {
        let folder = configuration.text(.runDirectory)
        var status = stat()
        guard stat(folder, &status) == 0 else {
            return .fault(
                "run folder", "\(folder) isn't there",
                mend: "Make it, mode 0750, owned by the service's user (systemd: RuntimeDirectory).")
        }
        // nginx's cache of decisions lies there, and its keys hold tokens.
        guard status.st_mode & 0o007 == 0 else {
            return .fault(
                "run folder", "\(folder) is open to everybody on this host, and tokens lie in it",
                mend: "chmod 0750 \(folder)")
        }
        return .ok("run folder", folder)
    }
}
