import Crypto
import MediaCore

/// What the keys of signed links are derived from: the setting `MEDIA_LINK_SECRET`.
///
/// The first secret signs; the others are earlier ones, whose links still hold. A database that leaks has no key in it.
struct LinkSecrets: Sendable {
    private let secrets: [(fingerprint: [UInt8], key: SymmetricKey)]

    /// - Parameter texts: secrets, the newest first.
    init(_ texts: [String]) {
        secrets = texts.map { text in
            let bytes = Array(text.utf8)
            let fingerprint = SHA256.hash(data: Array("media-link-secret\n".utf8) + bytes)
            return (Array(fingerprint.prefix(8)), SymmetricKey(data: bytes))
        }
    }

    /// The fingerprint of the secret that signs; nil where no secret is set, and links are switched off.
    var current: [UInt8]? { secrets.first?.fingerprint }

    /// A link's signature.
    ///
    /// - Returns: nil where the key's secret is set no longer.
    func sign(_ link: SignedLink, epoch: Int64, fingerprint: [UInt8]) -> [UInt8]? {
        guard let key = key(link.keyID, fingerprint) else { return nil }
        return Array(HMAC<SHA256>.authenticationCode(for: link.message(epoch: epoch), using: key))
    }

    /// Whether a signature is the link's, in a time that doesn't depend on where it differs.
    func isValid(_ signature: [UInt8], of link: SignedLink, epoch: Int64, fingerprint: [UInt8]) -> Bool {
        guard let key = key(link.keyID, fingerprint) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            signature, authenticating: link.message(epoch: epoch), using: key)
    }

    /// A key of its own for each key id.
    private func key(_ id: String, _ fingerprint: [UInt8]) -> SymmetricKey? {
        guard let secret = secrets.first(where: { $0.fingerprint == fingerprint }) else { return nil }
        let code = HMAC<SHA256>.authenticationCode(for: Array("media-link-key\n\(id)".utf8), using: secret.key)
        return SymmetricKey(data: Array(code))
    }
}
