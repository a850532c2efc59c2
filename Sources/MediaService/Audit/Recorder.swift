import Glibc
import MediaHTTP

/// Writes down, on a thread of its own, what no request should wait for: refusals each second, keys' use each minute.
package struct Recorder: Sendable {
    let refusals = RefusalLog()
    let keyUsage = KeyUsage()

    func start(_ environment: Environment) {
        Thread.start("recorder") { [self] in
            let context = Context(environment)
            var round = 0
            while true {
                sleep(1)
                round += 1
                refusals.record(context)
                if round % 60 == 0 { keyUsage.record(context) }
            }
        }
    }

    /// Writes down the rest, before the process ends.
    func finish(_ environment: Environment) {
        let context = Context(environment)
        refusals.record(context)
        keyUsage.record(context)
    }
}
