import CLinux
import Glibc
import Synchronization

/// A server that a test started. It is killed when the test process ends, however that happens.
package final class ChildProcess: Sendable {
    package let pid: Int32
    private let exit = Mutex<Int32?>(nil)
    /// Where its standard input comes from; -1: from nowhere.
    private let input: Int32

    /// - Parameters:
    ///   - output: the file that standard output and error are appended to.
    ///   - hasInput: whether its standard input stays open, for programs that end with it.
    ///   - deathSignal: what the program gets when the test process dies.
    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:], output: String,
        hasInput: Bool = false, deathSignal: String = "KILL"
    ) throws {
        var ends: [Int32] = [-1, -1]
        if hasInput, pipe2(&ends, O_CLOEXEC) != 0 { throw TestFailure("no pipe can be had") }
        input = ends[1]
        let source = ends[0]
        pid = try Spawner.shared.run {
            let null = source >= 0 ? source : open("/dev/null", O_RDONLY | O_CLOEXEC)
            let log = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer {
                close(null)
                close(log)
            }
            guard null >= 0, log >= 0 else { throw TestFailure("\(output): can't be opened") }
            return try Spawn.start(
                "setpriv", ["--pdeathsig", deathSignal, executable] + arguments,
                environment: Spawn.environment.merging(environment) { $1 }, descriptors: [null, log, log])
        }
        Teardown.shared.add(self)
    }

    deinit {
        stop(SIGKILL, within: 5)
        if input >= 0 { close(input) }
    }

    /// Whether the process has not ended.
    package var isRunning: Bool { exitStatus == nil }

    /// As `waitpid` gives it; nil while the process runs.
    package var exitStatus: Int32? {
        exit.withLock { exit in
            if exit == nil {
                var status: Int32 = 0
                if waitpid(pid, &status, WNOHANG) == pid { exit = status }
            }
            return exit
        }
    }

    /// Processes that this one has started and that run.
    package var children: [Int32] { ProcessTable.children(of: pid) }

    package func send(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// Sends a signal and waits for the end.
    ///
    /// - Returns: whether it came in time; otherwise the process is killed.
    @discardableResult
    package func stop(_ signal: Int32 = SIGTERM, within seconds: Double = 20) -> Bool {
        send(signal)
        if waits(seconds) { return true }
        send(SIGKILL)
        _ = waits(5)
        return false
    }

    /// Waits for the end; false if it doesn't come in time.
    package func waits(_ seconds: Double) -> Bool { eventually(within: seconds) { !isRunning } }
}
