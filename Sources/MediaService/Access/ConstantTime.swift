/// What compares secrets.
enum ConstantTime {
    /// Whether both are the same, in a time that doesn't depend on where they differ.
    static func isEqual(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
