/// What a client calls one thing that it wants done once (draft-ietf-httpapi-idempotency-key-header-07).
package struct IdempotencyKey: Hashable, Sendable {
    package static let maxLength = 255

    package let text: String

    /// - Parameter field: the header field's value: 1 to 255 visible ASCII characters, or a structured field's string
    ///   (RFC 8941 §3.3.3) of such characters.
    package init?(field: String) {
        guard let bytes = field.utf8.first == UInt8(ascii: "\"") ? Self.unquoted(field) : Array(field.utf8),
            (1...Self.maxLength).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// What is between the quotes; nil where they aren't a string's.
    private static func unquoted(_ field: String) -> [UInt8]? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var bytes: [UInt8] = []
        var rest = field.utf8.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case quote: return rest.isEmpty ? bytes : nil
            case backslash:
                guard let escaped = rest.popFirst(), escaped == quote || escaped == backslash else { return nil }
                bytes.append(escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }
}
