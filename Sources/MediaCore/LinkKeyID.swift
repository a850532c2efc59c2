/// The form of a link key's id: 8 characters of `[0-9a-z]`.
package enum LinkKeyID {
    package static let length = 8

    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == length && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }

    /// A new id.
    package static func random(using generator: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
            as: UTF8.self)
    }

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
}
