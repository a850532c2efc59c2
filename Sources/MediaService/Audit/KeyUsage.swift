import Logging
import MediaCore
import MediaDatabase
import Synchronization

/// Which API keys this process has seen since it last wrote that down.
///
/// When a key was last used is written to the minute and beside the requests: no request waits for it.
final class KeyUsage: Sendable {
    private let seen = Mutex<Set<String>>([])

    fileprivate func note(_ keyID: String) {
        seen.withLock { _ = $0.insert(keyID) }
    }

    /// Writes down what was seen.
    func record(_ context: Context) {
        let ids = seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
        guard !ids.isEmpty else { return }
        do {
            try context.connection.transaction { connection in
                // In one order everywhere, so that two workers don't wait for each other in a circle.
                for id in ids.sorted() { try APIKeyRepository(connection).setLastUsed(id, context.now()) }
            }
        } catch {
            context.logger.warning("the use of API keys wasn't noted", metadata: ["error": "\(error)"])
        }
    }
}

extension Context {
    /// Notes the use of an API key, once a minute on each thread: nothing that all threads share is touched by each request.
    func noteUse(of keyID: String, _ now: Timestamp) {
        let minute = now.milliseconds / 60_000
        guard lastUsedKey != (keyID, minute) else { return }
        lastUsedKey = (keyID, minute)
        environment.recorder.keyUsage.note(keyID)
    }
}
