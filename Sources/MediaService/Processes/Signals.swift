import Glibc

/// Signals of a process that takes them one by one on its main thread.
struct Signals {
    private var set = sigset_t()

    /// Blocks the signals in this and every later thread, to be had from `next` only.
    init(_ signals: [Int32]) {
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// The next signal, or nil where none came for `milliseconds`.
    mutating func next(milliseconds: Int) -> Int32? {
        var limit = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        let signal = sigtimedwait(&set, nil, &limit)
        return signal > 0 ? signal : nil
    }
}
