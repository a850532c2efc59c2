import Glibc
import Logging
import MediaDatabase
import MediaHTTP
import Synchronization

/// Has a courier run for each webhook.
enum WebhookDispatcher {
    static func start(_ environment: Environment, _ ending: Ending) {
        ending.enter()
        Thread.start("webhooks") {
            let context = Context(environment)
            let running = Running()
            while !ending.isNear {
                do {
                    for webhook in try WebhookRepository(context.connection).all() where webhook.disabledAt == nil {
                        start(webhook.id, running, environment, ending)
                    }
                } catch {
                    context.logger.error("webhooks can't be looked up", metadata: ["error": "\(error)"])
                }
                for _ in 0..<10 where !ending.isNear { usleep(100_000) }
            }
            ending.leave()
        }
    }

    /// The webhooks that have a courier.
    private final class Running: Sendable {
        let ids = Mutex<Set<Int64>>([])
    }

    private static func start(_ id: Int64, _ running: Running, _ environment: Environment, _ ending: Ending) {
        guard running.ids.withLock({ $0.insert(id).inserted }) else { return }
        ending.enter()
        Thread.start("webhook \(id)") {
            do {
                try WebhookCourier(environment, id).run(ending)
            } catch {
                environment.logger.error(
                    "a webhook's events can't be sent", metadata: ["webhook": "\(id)", "error": "\(error)"])
            }
            _ = running.ids.withLock { $0.remove(id) }
            ending.leave()
        }
    }
}
