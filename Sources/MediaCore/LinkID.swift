/// The id of a signed link: 20 characters of `[0-9a-v]`: seven that say when the link ends, and 65 bits.
package struct LinkID: Hashable, Sendable {
    package static let length = 20

    package let rawValue: String

    /// An id as it came from outside, or nil if it hasn't the form of one.
    package init?(_ text: String) {
        // Not by the alphabet, which has to be gone through: each download with a link comes past here.
        guard text.utf8.count == Self.length,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x76).contains($0) })
        else { return nil }
        rawValue = text
    }

    /// The id of a link that ends at `expiresAt`, distinguished by a hash or random bytes, of which it takes 65 bits.
    ///
    /// Ids sort by their links' ends, so that links made together stand together in the table: among millions each row of a
    /// batch would be written to a page of its own.
    ///
    /// - Parameter expiresAt: seconds since 1970.
    package init(expiresAt: Int64, _ bytes: some Sequence<UInt8>) {
        var text: [UInt8] = []
        text.reserveCapacity(Self.length)
        for shift in stride(from: 30, through: 0, by: -5) { text.append(Self.alphabet[Int(expiresAt >> shift) & 31]) }
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
        precondition(text.count == Self.length, "too few bytes for an id")
        rawValue = String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)
}
