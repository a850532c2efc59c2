extension RandomAccessCollection {
    /// The elements in parts whose sizes are powers of two, the largest first: each size is a statement that a connection prepares and keeps,
    /// with buffers for all of its values, so lists of any length take few of them.
    ///
    /// - Parameter most: of one part; a power of two.
    func statementParts(of most: Int = 256) -> [SubSequence] {
        var parts: [SubSequence] = []
        var left = self[...]
        var size = most
        while !left.isEmpty {
            while size > left.count { size /= 2 }
            parts.append(left.prefix(size))
            left = left.dropFirst(size)
        }
        return parts
    }
}
