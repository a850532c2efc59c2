internal import CLinux
internal import Glibc

/// A child process, in a process group of its own.
package struct SpawnedProcess: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    package let pid: Int32

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: its path.
    ///   - arguments: behind its name.
    ///   - environment: its variables, as `NAME=value`.
    ///   - descriptors: what it inherits, each with the number it finds it under, in a row from 0 or, beside this process' own three, from 3;
    ///     nothing else.
    package init(
        _ executable: String, _ arguments: [String], environment: [String], descriptors: [(from: Int32, to: Int32)]
    ) throws(Failure) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // First out of the way, since a source may have the number of another one's target.
        let sources = descriptors.map { fcntl($0.from, F_DUPFD_CLOEXEC, 64) }
        defer { for source in sources where source >= 0 { close(source) } }
        guard !sources.contains(-1) else { throw Failure(description: "no descriptor is left") }
        for (source, target) in zip(sources, descriptors.map(\.to)) {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        // Not all that is open closes by itself: MariaDB's client leaves its connections to whoever is started.
        let last = descriptors.map(\.to).max() ?? STDERR_FILENO
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, max(last, STDERR_FILENO) + 1)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var process = pid_t()
        let result = unsafe posix_spawn(&process, executable, &actions, &attributes, &words, &variables)
        guard result == 0 else {
            throw Failure(description: "\(executable): \(unsafe String(cString: strerror(result)))")
        }
        pid = process
    }

    /// A pipe that no child inherits unless it is handed on.
    package static func pipe(isNonBlocking: Bool = false) throws(Failure) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC | (isNonBlocking ? O_NONBLOCK : 0)) == 0 else {
            throw Failure(description: "no pipe is left")
        }
        return (ends[0], ends[1])
    }
}
