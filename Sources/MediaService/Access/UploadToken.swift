import Crypto
import MediaCore

/// A short-lived right to upload, for a browser that has no API key: `mt_<claims>.<signature>`, both in base64url.
///
/// Nothing of it is stored: it ends with its time, or with the secret that it is signed with.
enum UploadToken {
    static let prefix = "mt_"
    /// Longer ones are none.
    private static let maxLength = 4096

    static func text(_ grant: UploadGrant, key: SymmetricKey) -> String {
        let claims = Base64URL.encode(grant.json.bytes)
        return "\(prefix)\(claims).\(Base64URL.encode(signature(claims, key)))"
    }

    private static func signature(_ claims: String, _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(claims.utf8), using: key))
    }

    /// - Returns: nil for what is no token, was made with another secret, or is over.
    static func grant(_ text: String, keys: [SymmetricKey], now: Timestamp) -> UploadGrant? {
        guard text.utf8.count <= maxLength, text.hasPrefix(prefix) else { return nil }
        let halves = text.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count == 2, let signature = Base64URL.decode(String(halves[1])),
            let claims = Base64URL.decode(String(halves[0])),
            keys.contains(where: {
                HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: Array(halves[0].utf8), using: $0)
            }), let json = try? JSONParser.parse(claims), let grant = UploadGrant(json), grant.expiresAt > now
        else { return nil }
        return grant
    }
}
