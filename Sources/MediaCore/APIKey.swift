/// An API key as its holder writes it: `mk_<id>_<secret>`.
///
/// The id is public and finds the row; the secret is 256 random bits and only its SHA-256 is stored. A fast hash is
/// enough, since nobody can guess 256 bits.
package struct APIKey: Equatable, Sendable {
    package static let idLength = 12
    package static let secretLength = 43

    package let id: String
    package let secret: String

    package var text: String { "mk_\(id)_\(secret)" }

    /// A key as it came from outside, or nil if it hasn't the form of one.
    package init?(_ text: String) {
        let bytes = text.utf8.span
        let secretStart = 4 + Self.idLength
        guard bytes.count == secretStart + Self.secretLength, text.utf8.starts(with: "mk_".utf8),
            bytes[secretStart - 1] == UInt8(ascii: "_"),
            bytes.extracting(3..<secretStart - 1).allSatisfy(Self.isAllowed),
            bytes.extracting(secretStart...).allSatisfy(Self.isAllowed)
        else { return nil }
        id = String(decoding: text.utf8.dropFirst(3).prefix(Self.idLength), as: UTF8.self)
        secret = String(decoding: text.utf8.suffix(Self.secretLength), as: UTF8.self)
    }

    /// A new key; `generator` has to be a cryptographic random source.
    package init(using generator: inout some RandomNumberGenerator) {
        id = Self.random(Self.idLength, using: &generator)
        secret = Self.random(Self.secretLength, using: &generator)
    }

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static func random(_ length: Int, using generator: inout some RandomNumberGenerator) -> String {
        String(
            decoding: (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] },
            as: UTF8.self)
    }
}
