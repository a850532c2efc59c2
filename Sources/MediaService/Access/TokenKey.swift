import Crypto
import CryptoExtras
import MediaCore

/// A key that tokens are verified with. Its algorithm is its own: what a token's header says only has to agree.
struct TokenKey: Sendable {
    /// RFC 7518 §3.1, RFC 8037 §3.1.
    enum Algorithm: String {
        case hs256 = "HS256"
        case rs256 = "RS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"
    }

    /// A key of a set that isn't usable here, and why.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    private enum Material: Sendable {
        case secret(SymmetricKey)
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// `kid`; nil: the key is for tokens that name none, or one that no other key has.
    let id: String?
    private let material: Material

    var algorithm: Algorithm {
        switch material {
        case .secret: .hs256
        case .rsa: .rs256
        case .p256: .es256
        case .ed25519: .edDSA
        }
    }

    /// HS256 with a secret of the settings.
    init(secret: String) {
        id = nil
        material = .secret(SymmetricKey(data: Array(secret.utf8)))
    }

    /// A key of a JWK Set (RFC 7517 §4).
    ///
    /// - Parameter isPublic: whether the set may be had by everybody, so that a secret in it would be none.
    init(_ json: JSON, isPublic: Bool) throws(Unusable) {
        if let use = json["use"]?.string, use != "sig" { throw Unusable(description: "it is for '\(use)'") }
        if let uses = json["key_ops"]?.array, !uses.contains(.string("verify")) {
            throw Unusable(description: "its 'key_ops' lack 'verify'")
        }
        id = json["kid"]?.string
        do {
            material = try Self.material(json, isPublic: isPublic)
        } catch let fault as Unusable {
            throw fault
        } catch {
            throw Unusable(description: "its parameters are no key: \(error)")
        }
        if let name = json["alg"]?.string, name != algorithm.rawValue {
            throw Unusable(description: "its algorithm is '\(name)', and such keys are for \(algorithm.rawValue) here")
        }
    }

    private static func material(_ json: JSON, isPublic: Bool) throws -> Material {
        func parameter(_ name: String) throws(Unusable) -> [UInt8] {
            guard let bytes = json[name]?.string.flatMap(Base64URL.decode), !bytes.isEmpty else {
                throw Unusable(description: "its '\(name)' is missing or no base64url")
            }
            return bytes
        }
        switch (json["kty"]?.string, json["crv"]?.string) {
        case ("RSA", _):
            let modulus = try parameter("n")
            // Below: NIST SP 800-131A. Above: each signature would cost too much time.
            guard (256...1024).contains(modulus.drop { $0 == 0 }.count) else {
                throw Unusable(description: "it doesn't have 2048 to 8192 bits")
            }
            return .rsa(try _RSA.Signing.PublicKey(n: modulus, e: parameter("e")))
        case ("EC", "P-256"):
            return .p256(try P256.Signing.PublicKey(rawRepresentation: parameter("x") + parameter("y")))
        case ("OKP", "Ed25519"):
            return .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: parameter("x")))
        case ("oct", _):
            guard !isPublic else { throw Unusable(description: "a secret must not stand in a public set") }
            let secret = try parameter("k")
            guard secret.count >= 32 else { throw Unusable(description: "its secret is shorter than 32 bytes") }
            return .secret(SymmetricKey(data: secret))
        default: throw Unusable(description: "keys of this type aren't known here")
        }
    }

    /// Whether `signature` is this key's over `text` (RFC 7515 §5.2).
    func hasSigned(_ text: [UInt8], _ signature: [UInt8]) -> Bool {
        switch material {
        case .secret(let key):
            return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: text, using: key)
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: text),
                padding: .insecurePKCS1v1_5)
        case .p256(let key):
            // 64 bytes, and nothing else is a signature.
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: text)
        case .ed25519(let key): return key.isValidSignature(signature, for: text)
        }
    }
}
