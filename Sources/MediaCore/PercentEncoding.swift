/// Percent-encoding of RFC 3986 §2.1 and its use in RFC 8187.
package enum PercentEncoding {
    /// `text` as one segment of a URL's path: only unreserved characters stay (RFC 3986 §2.3).
    package static func pathSegment(_ text: String) -> String {
        encode(text) { isAlphanumeric($0) || "-._~".utf8.contains($0) }
    }

    /// `text` as `value-chars` of an extended header parameter (RFC 8187 §3.2.1).
    package static func extendedParameter(_ text: String) -> String {
        encode(text) { isAlphanumeric($0) || "!#$&+-.^_`|~".utf8.contains($0) }
    }

    private static func encode(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isKept(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(Hex.upperDigits[Int(byte >> 4)])
                bytes.append(Hex.upperDigits[Int(byte & 15)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
