internal import Synchronization

/// A set of file descriptors that many threads change without waiting for each other.
@safe
final class DescriptorSet: Sendable {
    /// More than a process may have open.
    private static let capacity = 1 << 16

    // `unsafe` since no pointer is Sendable. Safe to share: it never changes, lives as long as this object, and what it points to is
    // atomic.
    private nonisolated(unsafe) let flags: UnsafeMutablePointer<Atomic<Bool>>

    init() {
        unsafe flags = .allocate(capacity: Self.capacity)
        for index in 0..<Self.capacity { unsafe (flags + index).initialize(to: Atomic(false)) }
    }

    deinit {
        unsafe flags.deallocate()
    }

    func insert(_ descriptor: Int32) { set(descriptor, true) }

    func remove(_ descriptor: Int32) { set(descriptor, false) }

    /// Empties the set.
    ///
    /// - Returns: what was in it.
    func removeAll() -> [Int32] {
        (0..<Int32(Self.capacity)).filter {
            unsafe flags[Int($0)].exchange(false, ordering: .acquiringAndReleasing)
        }
    }

    private func set(_ descriptor: Int32, _ isMember: Bool) {
        guard descriptor < Self.capacity else { return }
        unsafe flags[Int(descriptor)].store(isMember, ordering: .releasing)
    }
}
