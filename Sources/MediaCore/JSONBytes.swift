/// Looks at eight bytes of a JSON text at once: most of what a list's answer costs is reading and writing strings.
enum JSONBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Where the first byte stands that isn't itself within a JSON string: a quotation mark, a backslash, a control character (RFC 8259
    /// §7), or DEL, which is written escaped; the end where there is none.
    static func firstSpecial(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = word(bytes, index)
            let found =
                hasByte(below: 0x20, word) | hasByte(0x22, word) | hasByte(0x5C, word) | hasByte(0x7F, word)
            if found != 0 { break }
            index += 8
        }
        while index < bytes.count, !isSpecial(bytes[index]) { index += 1 }
        return index
    }

    static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index + 8 <= bytes.count {
            if word(bytes, index) & highs != 0 { return false }
            index += 8
        }
        return bytes[index...].allSatisfy { $0 < 0x80 }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F }

    private static func word(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt64 {
        UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    /// Not 0 where one of the eight is smaller ("Bit Twiddling Hacks", S. E. Anderson).
    private static func hasByte(below limit: UInt64, _ word: UInt64) -> UInt64 {
        (word &- ones &* limit) & ~word & highs
    }

    private static func hasByte(_ byte: UInt64, _ word: UInt64) -> UInt64 { hasByte(below: 1, word ^ (ones &* byte)) }
}
