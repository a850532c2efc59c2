import Glibc

/// The right to serve in a run folder, which one supervisor at a time has. It ends with the process, however that ends.
struct RunLock {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(folder: String) throws(Failure) {
        let path = "\(folder)/serve.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw Failure(description: "\(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure(description: "another supervisor serves in \(folder)")
        }
        // Kept open on purpose: closing it would give the lock up.
    }
}
