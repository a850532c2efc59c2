import Glibc
import Logging
import MediaStorage

/// `mediad serve`: holds the sockets and keeps the workers running.
///
/// The sockets outlive every worker, so a connection waits in their queue while workers are replaced and none is
/// refused.
package struct Supervisor {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let loadConfiguration: () throws -> Configuration
    private let arguments: [String]
    private let executable: String
    private let sockets: [ListeningSocket]
    private let metrics: Metrics
    private var environment: Environment
    private var workers: [WorkerProcess] = []
    private var generation = 0
    private var backOff = BackOff()

    /// Binds the sockets.
    ///
    /// - Parameters:
    ///   - workerArguments: what makes this program a worker.
    ///   - loadConfiguration: reads the settings; again at each reload.
    package init(workerArguments: [String], loadConfiguration: @escaping () throws -> Configuration) throws {
        self.loadConfiguration = loadConfiguration
        arguments = workerArguments
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = path.withUnsafeMutableBytes {
            $0.baseAddress.map { readlink("/proc/self/exe", $0, Int(PATH_MAX)) } ?? -1
        }
        guard length > 0 else {
            throw Failure(description: "/proc/self/exe can't be read, so no worker can be started")
        }
        executable = String(decoding: path[..<length], as: UTF8.self)
        let configuration = try loadConfiguration()
        let folder = configuration.text(.runDirectory)
        _ = try RunLock(folder: folder)
        metrics = try Metrics(runFolder: folder)
        environment = try Environment(configuration: configuration, metrics: metrics)
        try environment.stores.prepare()
        sockets = try ["api", "upload", "stream"].map { try ListeningSocket.named($0, folder: folder) }
    }

    /// Runs until SIGTERM or SIGINT; SIGHUP reloads.
    package mutating func run() {
        var signals = Signals([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
        environment.logger.notice("supervisor started", metadata: ["workers": "\(workerCount)"])
        while true {
            fillUp()
            let isChanging = workers.contains { !$0.isReady } || workers.contains { $0.generation != generation }
            switch signals.next(milliseconds: isChanging ? 20 : 500) {
            case SIGTERM, SIGINT:
                stop(&signals)
                return
            case SIGHUP: reload()
            default: break
            }
            reap()
            for index in workers.indices { workers[index].updateReadiness() }
            retireOldGenerations()
            metrics.set(.workersRunning, workers.count)
        }
    }

    private var workerCount: Int { environment.configuration.workerCount }

    private var current: [WorkerProcess] { workers.filter { $0.generation == generation && !$0.isRetiring } }

    /// Starts the workers that are missing, unless they keep dying.
    private mutating func fillUp() {
        while current.count < workerCount, backOff.isOver {
            let inherited =
                zip(
                    sockets,
                    [InheritedDescriptor.apiSocket, InheritedDescriptor.uploadSocket, InheritedDescriptor.streamSocket]
                )
                .map { (from: $0.descriptor, to: $1) } + [(from: metrics.descriptor, to: InheritedDescriptor.metrics)]
            do {
                workers.append(
                    try WorkerProcess(
                        executable: executable, arguments: arguments,
                        environment: environment.configuration.processEnvironment, descriptors: inherited,
                        generation: generation))
                metrics.add(.workersStarted)
            } catch {
                environment.logger.error("a worker can't be started", metadata: ["error": "\(error)"])
                backOff.failed()
            }
        }
    }

    /// Takes note of workers that have ended.
    private mutating func reap() {
        var status: Int32 = 0
        while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
            guard let index = workers.firstIndex(where: { $0.pid == pid }) else { continue }
            let worker = workers.remove(at: index)
            worker.discard()
            let age = worker.startedAt.duration(to: .now)
            let how = status & 0x7F == 0 ? "exit \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
            guard worker.generation == generation || status != 0 else { continue }
            metrics.add(.workersCrashed)
            environment.logger.error("worker ended", metadata: ["worker": "\(pid)", "how": "\(how)"])
            // One that had served a while is replaced at once.
            if age < .seconds(10) { backOff.failed() } else { backOff.reset() }
        }
    }

    /// Reads the settings again and starts workers with them; wrong settings change nothing.
    private mutating func reload() {
        do {
            let configuration = try loadConfiguration()
            for setting in [Setting.runDirectory, .storeDirectory]
            where configuration.text(setting) != environment.configuration.text(setting) {
                throw Failure(description: "\(setting.name) can't change while the service runs; restart it")
            }
            environment = try Environment(configuration: configuration, metrics: metrics)
        } catch {
            environment.logger.error("reload refused; the old settings hold", metadata: ["error": "\(error)"])
            return
        }
        generation += 1
        backOff.reset()
        metrics.add(.reloads)
        environment.logger.notice("reload", metadata: ["generation": "\(generation)"])
    }

    /// Once all workers of a reload serve, those before them take no more connections.
    private mutating func retireOldGenerations() {
        guard current.count == workerCount, current.allSatisfy(\.isReady) else { return }
        for index in workers.indices where workers[index].generation < generation && !workers[index].isRetiring {
            workers[index].retire()
        }
    }

    private mutating func stop(_ signals: inout Signals) {
        environment.logger.notice("supervisor stops")
        for worker in workers { worker.send(SIGTERM) }
        let limit = ContinuousClock.now + .seconds(environment.configuration.number(.drainTimeout) + 5)
        while !workers.isEmpty, .now < limit {
            _ = signals.next(milliseconds: 20)
            var status: Int32 = 0
            while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 { workers.removeAll { $0.pid == pid } }
        }
        for worker in workers { worker.send(SIGKILL) }
        for socket in sockets { socket.remove() }
    }
}
