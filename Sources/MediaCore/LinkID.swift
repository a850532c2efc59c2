/// The id of a signed link: 20 characters of `[0-9a-v]`, 100 bits.
package struct LinkID: Hashable, Sendable {
    package static let length = 20

    package let rawValue: String

    /// An id as it came from outside, or nil if it hasn't the form of one.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length, text.utf8.allSatisfy({ Self.alphabet.contains($0) }) else { return nil }
        rawValue = text
    }

    /// The id that follows from a hash or from random bytes, of which it takes the first 100 bits.
    package init(bytes: [UInt8]) {
        precondition(bytes.count >= 13, "too few bytes for an id")
        var text: [UInt8] = []
        var bits = 0
        var buffer: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5, text.count < Self.length {
                bits -= 5
                text.append(Self.alphabet[Int(buffer >> UInt32(bits)) & 31])
            }
        }
        rawValue = String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)
}
