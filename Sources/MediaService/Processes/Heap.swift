import CLinux

/// The memory that the C library gives out.
enum Heap {
    /// Has all threads share two heaps; called before there are any.
    ///
    /// By itself the C library has up to eight for each processor, and what was given back in one is no other's: a worker whose
    /// connections to MariaDB were lost a few times had 31 MB for the 14 that it used.
    static func share() { mallopt(M_ARENA_MAX, 2) }
}
