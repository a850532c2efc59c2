internal import Glibc
internal import Synchronization

/// A peer of `NestServer`. Its descriptor is closed when nobody has it in hand any more.
final class NestConnection: Sendable {
    enum Reading {
        case texts([[UInt8]])
        /// Another thread reads.
        case busy
        /// The peer has gone, or has sent what can't be read.
        case ended(reason: String?)
    }

    private struct Input {
        var frames: NestFrames
        var lastAt = ContinuousClock.now
    }

    private struct Output {
        var bytes: [UInt8] = []
        /// How many of them have gone.
        var sent = 0
        var lastAt = ContinuousClock.now
        var isClosed = false
    }

    let descriptor: Int32
    let peer: String
    private let input: Mutex<Input>
    private let output = Mutex(Output())
    private let isReading = Atomic<Bool>(false)

    /// Bytes that one turn reads: then others have theirs.
    private static let turn = 256 << 10

    init(_ descriptor: Int32, peer: String, maxLength: Int) {
        self.descriptor = descriptor
        self.peer = peer
        input = Mutex(Input(frames: NestFrames(maxLength: maxLength)))
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        // A peer that is gone without a word is found out.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, 4)
    }

    deinit {
        close(descriptor)
    }

    /// Reads what is there.
    func read() -> Reading {
        guard !isReading.exchange(true, ordering: .acquiring) else { return .busy }
        defer { isReading.store(false, ordering: .releasing) }
        var bytes = [UInt8](repeating: 0, count: Self.turn)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count != 0 else {
            return .ended(reason: input.withLock { $0.frames.isPartial } ? "ended in the middle of a frame" : nil)
        }
        guard count > 0 else {
            return errno == EAGAIN || errno == EINTR ? .texts([]) : .ended(reason: nil)
        }
        return input.withLock { input in
            input.lastAt = .now
            do throws(NestFrames.Broken) {
                return .texts(try input.frames.take(bytes[..<count]))
            } catch {
                return .ended(reason: error.description)
            }
        }
    }

    /// Sends bytes, as far as the peer takes them now; the rest goes with `flush`.
    func send(_ bytes: [UInt8]) {
        output.withLock { output in
            if output.isClosed { return }
            if output.bytes.isEmpty { output.lastAt = .now }
            output.bytes += bytes
            write(&output)
        }
    }

    /// Sends what is left.
    func flush() {
        output.withLock { output in
            if !output.bytes.isEmpty { write(&output) }
        }
    }

    private func write(_ output: inout Output) {
        while output.sent < output.bytes.count {
            let sent = output.sent
            let count = unsafe output.bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if errno != EAGAIN { output.isClosed = true }
                return
            }
            output.sent += count
            output.lastAt = .now
        }
        output.bytes = []
        output.sent = 0
    }

    /// Calls `body` with how many bytes the peer hasn't taken, while they stay so many.
    func withUnsent(_ body: (Int) -> Void) { output.withLock { body($0.bytes.count - $0.sent) } }

    var isClosed: Bool { output.withLock { $0.isClosed } }

    func end() {
        output.withLock { output in
            output.isClosed = true
            output.bytes = []
            output.sent = 0
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Whether the peer has done nothing for so long while there was something for it to do.
    func hasStalled(for limit: Duration) -> Bool {
        let now = ContinuousClock.now
        let isSilent = input.withLock { $0.frames.isPartial && $0.lastAt.duration(to: now) > limit }
        return isSilent || output.withLock { !$0.bytes.isEmpty && $0.lastAt.duration(to: now) > limit }
    }
}
