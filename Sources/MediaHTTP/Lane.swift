/// A listening socket with threads of its own, so that what is slow on one lane never holds up another.
package struct Lane: Sendable {
    /// As logs and metrics name it.
    package let name: String
    /// The listening socket, inherited from the supervisor; non-blocking.
    package let socket: Int32
    package let threads: Int
    /// Seconds a request may take before its worker counts as stuck.
    package let requestLimit: Int

    package init(name: String, socket: Int32, threads: Int, requestLimit: Int) {
        self.name = name
        self.socket = socket
        self.threads = threads
        self.requestLimit = requestLimit
    }
}
