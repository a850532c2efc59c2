import Glibc
import Logging
import MediaDatabase
import MediaHTTP
import Synchronization

/// Has a courier run for each webhook.
enum WebhookDispatcher {
    static func start(_ environment: Environment) {
        Thread.start {
            let context = Context(environment)
            let running = Running()
            while true {
                do {
                    for webhook in try WebhookRepository(context.connection).all() where webhook.disabledAt == nil {
                        try start(webhook.id, running, environment)
                    }
                } catch {
                    context.logger.error("webhooks can't be looked up", metadata: ["error": "\(error)"])
                    sleep(5)
                }
                sleep(1)
            }
        }
    }

    /// The webhooks that have a courier.
    private final class Running: Sendable {
        let ids = Mutex<Set<Int64>>([])
    }

    private static func start(_ id: Int64, _ running: Running, _ environment: Environment) throws {
        guard running.ids.withLock({ $0.insert(id).inserted }) else { return }
        Thread.start {
            defer { _ = running.ids.withLock { $0.remove(id) } }
            do {
                try WebhookCourier(environment, id).run()
            } catch {
                environment.logger.error(
                    "a webhook's events can't be sent", metadata: ["webhook": "\(id)", "error": "\(error)"])
            }
        }
    }
}
