import Glibc
import Synchronization

/// What has to be gone when the test process ends: servers that tests share, folders.
final class Teardown: Sendable {
    private struct Weak: Sendable {
        weak let process: ChildProcess?
    }

    private struct State {
        var processes: [Int32: Weak] = [:]
        var folders: Set<String> = []
    }

    static let shared = Teardown()

    private let state = Mutex(State())

    private init() {
        atexit { Teardown.shared.run() }
    }

    func add(_ process: ChildProcess) {
        state.withLock {
            $0.processes = $0.processes.filter { $0.value.process != nil }
            $0.processes[process.pid] = Weak(process: process)
        }
    }

    func add(folder: String) {
        state.withLock { _ = $0.folders.insert(folder) }
    }

    func remove(folder: String) {
        state.withLock { _ = $0.folders.remove(folder) }
    }

    private func run() {
        let (processes, folders) = state.withLock { ($0.processes.values.compactMap(\.process), $0.folders) }
        for process in processes where process.isRunning {
            // Stopped first, or it would replace the children that end.
            process.send(SIGSTOP)
            for child in process.children { kill(child, SIGKILL) }
            process.send(SIGKILL)
        }
        for process in processes { _ = process.waits(2) }
        for folder in folders { TemporaryFolder.delete(folder) }
    }
}
