/// Percent-decoding (RFC 3986 §2.1).
package enum PercentDecoding {
    /// The bytes that `text` stands for, or nil where a `%` isn't followed by two hexadecimal digits.
    ///
    /// - Parameter plusIsSpace: as in `application/x-www-form-urlencoded`.
    static func decode(_ text: Span<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < text.count, let high = digit(text[index + 1]), let low = digit(text[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 2
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case let byte: bytes.append(byte)
            }
            index += 1
        }
        return bytes
    }

    /// The text that UTF-8 stands for, or nil where it isn't percent-encoded UTF-8.
    static func text(_ text: Span<UInt8>, plusIsSpace: Bool = false) -> String? {
        for index in text.indices where text[index] == UInt8(ascii: "%") || text[index] == UInt8(ascii: "+") {
            return decode(text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
        }
        // Most stand for themselves.
        do {
            return String(copying: try UTF8Span(validating: text))
        } catch {
            return nil
        }
    }

    /// The text, or nil where it isn't percent-encoded UTF-8.
    package static func text(_ text: Substring) -> String? { Self.text(text.utf8.span) }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
