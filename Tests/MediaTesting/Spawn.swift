import Glibc

/// `posix_spawn` with what is inherited under control.
enum Spawn {
    /// Starts a program in a process group of its own, with no signal blocked or ignored and only the given descriptors.
    ///
    /// - Parameter descriptors: standard input, output and error.
    static func start(
        _ executable: String, _ arguments: [String], environment: [String: String], descriptors: [Int32]
    ) throws(TestFailure) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for variable in variables { free(variable) } }
        var process = pid_t()
        let result = posix_spawnp(&process, executable, &actions, &attributes, &words, &variables)
        guard result == 0 else { throw TestFailure("\(executable): \(String(cString: strerror(result)))") }
        return process
    }

    /// What programs find in their environment: nothing of the caller's but where programs are.
    static let environment = [
        "PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
    ]
}
