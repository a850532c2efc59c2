import Glibc

/// The right to serve in a run folder, which one supervisor at a time has. It ends with the process, however that ends.
struct RunLock {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func path(_ folder: String) -> String { "\(folder)/serve.lock" }

    init(folder: String) throws(Failure) {
        let path = Self.path(folder)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw Failure(description: "\(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(description: "another supervisor serves in \(folder)")
        }
        // Kept open on purpose: closing it would give the lock up.
    }

    /// The process that has the lock; nil where none has it.
    static func holder(folder: String) -> pid_t? {
        var status = stat()
        guard stat(path(folder), &status) == 0 else { return nil }
        // Such as `1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF`.
        for line in Program.lines(of: "/proc/locks") {
            let words = line.split(separator: " ")
            if words.count > 5, words[1] == "FLOCK", words[5].hasSuffix(":\(status.st_ino)") { return pid_t(words[4]) }
        }
        return nil
    }
}
