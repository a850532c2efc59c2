extension Span where Element == UInt8 {
    /// As `Sequence.allSatisfy`. Of a text's bytes this takes a fifth of what its `utf8` view takes for it.
    package func allSatisfy(_ isGood: (UInt8) -> Bool) -> Bool {
        for index in indices where !isGood(self[index]) { return false }
        return true
    }
}
