internal import CLinux
internal import Glibc

/// A thread of our own, outside Swift's cooperative pool: it may block.
package enum Thread {
    private final class Work {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            unsafe media_name_thread(name)
            body()
        }
    }

    /// Runs `body` on a new thread.
    ///
    /// - Parameter name: as `top -H`, `/proc` and debuggers show it; ASCII, of which they show 15 characters.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 1 << 20)
        var thread = pthread_t()
        let work = unsafe Unmanaged.passRetained(Work(name, body)).toOpaque()
        let result = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, work)
        unsafe pthread_attr_destroy(&attributes)
        precondition(result == 0, "the system has no thread left")
    }
}
