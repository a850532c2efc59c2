import Glibc
import MediaProcessing

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
    ) throws(SpawnedProcess.Failure) {
        do {
            let (reading, writing) = try SpawnedProcess.pipe(isNonBlocking: true)
            defer { close(writing) }
            do {
                // A group of its own: Ctrl-C in a terminal goes to the supervisor, which stops its workers in order.
                let process = try SpawnedProcess(
                    executable, arguments, environment: environment,
                    descriptors: descriptors + [(writing, InheritedDescriptor.readiness)])
                pid = process.pid
            } catch {
                close(reading)
                throw error
            }
            readiness = reading
        }
        startedAt = .now
        self.generation = generation
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
