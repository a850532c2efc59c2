import Crypto
import MediaCore

/// A key that links are signed with (HMAC-SHA256, RFC 2104).
struct LinkKey: Sendable {
    private let key: SymmetricKey

    init(_ key: SymmetricKey) {
        self.key = key
    }

    /// A link's signature.
    func sign(_ link: SignedLink, epoch: Int64) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: link.message(epoch: epoch), using: key))
    }

    /// Whether a signature is the link's, in a time that doesn't depend on where it differs.
    func hasSigned(_ link: SignedLink, epoch: Int64, _ signature: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: link.message(epoch: epoch), using: key)
    }
}
