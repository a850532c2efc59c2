import Foundation

/// Holds a handler until the test lets it go on.
final class Gate: Sendable {
    private let reached = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    /// In the handler: says that it is here and waits for `open`.
    func pass() {
        reached.signal()
        _ = opened.wait(timeout: .now() + 20)
    }

    /// In the test: waits for a handler; false if none comes within 10 seconds.
    func isReached() -> Bool {
        reached.wait(timeout: .now() + 10) == .success
    }

    func open() {
        opened.signal()
    }
}
