internal import Glibc

/// Blocks the calling thread.
enum Pause {
    /// Up to 10 ms before the second attempt, doubling, of random length so that two rivals don't meet again.
    static func beforeAttempt(_ attempt: Int) {
        usleep(UInt32.random(in: 1000...(5000 << UInt32(min(attempt - 1, 5)))))
    }

    static func seconds(_ count: UInt32) {
        sleep(count)
    }
}
