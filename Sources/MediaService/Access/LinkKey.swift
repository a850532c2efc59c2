import Crypto
import MediaCore

/// A key that links are signed with (HMAC-SHA256, RFC 2104).
struct LinkKey: Sendable {
    /// An authentication code of nothing yet: what the key alone takes is most of what a link does.
    private let start: HMAC<SHA256>

    init(_ key: SymmetricKey) {
        start = HMAC(key: key)
    }

    /// A link's signature.
    func sign(_ link: SignedLink, epoch: Int64) -> [UInt8] {
        Array(code(of: link, epoch))
    }

    /// Whether a signature is the link's, in a time that doesn't depend on where it differs.
    func hasSigned(_ link: SignedLink, epoch: Int64, _ signature: [UInt8]) -> Bool {
        code(of: link, epoch).withUnsafeBytes { ConstantTime.isEqual($0, signature) }
    }

    private func code(of link: SignedLink, _ epoch: Int64) -> HMAC<SHA256>.MAC {
        var code = start
        code.update(data: link.message(epoch: epoch))
        return code.finalize()
    }
}
