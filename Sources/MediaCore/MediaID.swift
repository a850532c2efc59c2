/// The id of a media record: `c` and 24 characters of `[0-9a-z]`, the form of a cuid.
///
/// Nine characters hold the creation time in milliseconds, so ids sort by creation; the other fifteen come from a
/// cryptographic random source (77 bits), so an id can't be guessed.
package struct MediaID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let length = 25

    package let rawValue: String

    package var description: String { rawValue }

    /// An id as it came from outside, or nil if it hasn't the form of one.
    package init?(_ text: String) {
        let bytes = text.utf8.span
        guard bytes.count == Self.length, bytes[0] == UInt8(ascii: "c"), bytes.allSatisfy(Self.isDigit) else {
            return nil
        }
        rawValue = text
    }

    /// A new id.
    ///
    /// - Parameters:
    ///   - now: the creation time, which the id sorts by.
    ///   - generator: a cryptographic random source in production.
    package init(now: Timestamp, using generator: inout some RandomNumberGenerator) {
        var bytes = Array(Self.prefix(at: now).utf8) + [UInt8](repeating: 0, count: Self.length - 10)
        // 2^64 is so much larger than 36^8 that the remainders are as good as evenly spread.
        var random = [generator.next(), generator.next()] as [UInt64]
        for position in 10..<Self.length {
            bytes[position] = Self.digits[Int(random[position % 2] % 36)]
            random[position % 2] /= 36
        }
        rawValue = String(decoding: bytes, as: UTF8.self)
    }

    /// What all ids of one moment start with; as a text it sorts before them and behind all earlier ones.
    package static func prefix(at moment: Timestamp) -> String {
        var bytes = [UInt8](repeating: UInt8(ascii: "c"), count: 10)
        var time = UInt64(max(0, moment.milliseconds))
        for position in (1...9).reversed() {
            bytes[position] = digits[Int(time % 36)]
            time /= 36
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: MediaID, right: MediaID) -> Bool { left.rawValue < right.rawValue }

    private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
