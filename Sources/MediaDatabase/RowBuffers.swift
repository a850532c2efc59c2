/// What the columns of a connection's rows arrive in: one buffer for all first columns, one for all second ones and so on, since a connection
/// reads the rows of one statement at a time. Each statement with its own would keep some 10 KB, for a hundred statements of each thread.
@safe
final class RowBuffers {
    /// Bytes of one. Longer values are fetched again into a larger buffer.
    static let size = 1024

    private var buffers: [UnsafeMutableRawBufferPointer] = unsafe []

    deinit {
        unsafe buffers.forEach { unsafe $0.deallocate() }
    }

    /// - Parameter index: of the column. The buffer stays where it is for as long as this object lives.
    subscript(index: Int) -> UnsafeMutableRawBufferPointer {
        while unsafe buffers.count <= index {
            unsafe buffers.append(.allocate(byteCount: Self.size, alignment: 16))
        }
        return unsafe buffers[index]
    }
}
