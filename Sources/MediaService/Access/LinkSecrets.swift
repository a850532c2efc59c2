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

    /// What upload tokens are signed with, the newest first.
    var uploadKeys: [SymmetricKey] {
        secrets.map { secret in
            SymmetricKey(
                data: Array(HMAC<SHA256>.authenticationCode(for: Array("media-upload-token".utf8), using: secret.key)))
        }
    }

    /// The fingerprint of the secret that signs; nil where no secret is set, and links are switched off.
    var current: [UInt8]? { secrets.first?.fingerprint }

    /// The key of an id; nil where the secret that it is derived from is set no longer.
    func key(_ id: String, fingerprint: [UInt8]) -> LinkKey? {
        guard let secret = secrets.first(where: { $0.fingerprint == fingerprint }) else { return nil }
        let code = HMAC<SHA256>.authenticationCode(for: Array("media-link-key\n\(id)".utf8), using: secret.key)
        return LinkKey(SymmetricKey(data: Array(code)))
    }
}
