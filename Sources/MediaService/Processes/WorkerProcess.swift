import CLinux
import Glibc

/// A worker as its supervisor sees it.
struct WorkerProcess {
    let pid: pid_t
    let startedAt: ContinuousClock.Instant
    /// Counts the supervisor's reloads; workers of an earlier one are on their way out.
    let generation: Int
    private let readiness: Int32
    private(set) var isReady = false
    /// Whether the worker was told to take no more connections.
    private(set) var isRetiring = false

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - executable: this program.
    ///   - arguments: what it is to run, such as the hidden command `worker` and the settings file.
    ///   - environment: its variables.
    ///   - descriptors: what the worker inherits, each with the number it finds it under.
    init(
        executable: String, arguments: [String], environment: [String], descriptors: [(from: Int32, to: Int32)],
        generation: Int
    ) throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { throw Failure(description: "no pipe is left") }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // First out of the way, since a source may have the number of another one's target.
        let sources = (descriptors.map(\.from) + [ends[1]]).map { fcntl($0, F_DUPFD_CLOEXEC, 64) }
        defer { for source in sources { close(source) } }
        for (source, target) in zip(sources, descriptors.map(\.to) + [InheritedDescriptor.readiness]) {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A group of its own: Ctrl-C in a terminal goes to the supervisor, which stops its workers in order.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for variable in variables { free(variable) } }
        var process = pid_t()
        let result = posix_spawn(&process, executable, &actions, &attributes, &words, &variables)
        guard result == 0 else {
            close(ends[0])
            throw Failure(description: "\(executable): \(String(cString: strerror(result)))")
        }
        pid = process
        startedAt = .now
        self.generation = generation
        readiness = ends[0]
    }

    /// Reads what the worker has said: that it serves, or that a stuck request makes it retire.
    mutating func updateReadiness() {
        var byte: UInt8 = 0
        while read(readiness, &byte, 1) == 1 {
            if byte == UInt8(ascii: "r") { isReady = true } else { isRetiring = true }
        }
    }

    mutating func retire() {
        isRetiring = true
        send(Worker.retireSignal)
    }

    func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Frees what the supervisor holds of an ended worker.
    func discard() {
        close(readiness)
    }
}
