internal import Glibc

/// How long reading from a socket may wait.
enum SocketTimeout {
    static func receiving(_ descriptor: Int32) -> timeval {
        var limit = timeval()
        var size = socklen_t(MemoryLayout<timeval>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, &size)
        return limit
    }

    static func setReceiving(_ descriptor: Int32, _ limit: timeval) {
        var limit = limit
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}
