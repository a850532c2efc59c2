import Crypto
import Foundation
import MediaCore
import MediaTesting

/// Issues users' tokens, good ones and others.
struct TestIssuer: Sendable {
    static let secret = "thirty-two-characters-of-a-secret"

    /// What signs.
    enum Key: Sendable {
        case secret(String)
        case p256(P256.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        /// The file of a private key; openssl signs.
        case rsa(String)

        var algorithm: String {
            switch self {
            case .secret: "HS256"
            case .p256: "ES256"
            case .ed25519: "EdDSA"
            case .rsa: "RS256"
            }
        }

        func signature(_ text: [UInt8]) throws -> [UInt8] {
            switch self {
            case .secret(let secret):
                Array(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: Array(secret.utf8))))
            case .p256(let key): Array(try key.signature(for: text).rawRepresentation)
            case .ed25519(let key): Array(try key.signature(for: text))
            case .rsa(let path):
                try Self.rsaSignature(text, path)
            }
        }

        private static func rsaSignature(_ text: [UInt8], _ path: String) throws -> [UInt8] {
            let folder = try TemporaryFolder()
            let input = try folder.file("text", text)
            let output = "\(folder.path)/signature"
            try Command.run("openssl", ["dgst", "-sha256", "-sign", path, "-out", output, input])
            return Array(try Data(contentsOf: URL(filePath: output)))
        }

        /// The public half as a JWK.
        func jwk(_ id: String?) throws -> String {
            let kid = id.map { #""kid":"\#($0)","# } ?? ""
            switch self {
            case .secret(let secret):
                return #"{\#(kid)"kty":"oct","k":"\#(Base64URL.encode(Array(secret.utf8)))"}"#
            case .p256(let key):
                let point = Array(key.publicKey.rawRepresentation)
                return #"{\#(kid)"kty":"EC","crv":"P-256","use":"sig","x":"\#(Base64URL.encode(Array(point[..<32])))","#
                    + #""y":"\#(Base64URL.encode(Array(point[32...])))"}"#
            case .ed25519(let key):
                let point = Array(key.publicKey.rawRepresentation)
                return #"{\#(kid)"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"\#(Base64URL.encode(point))"}"#
            case .rsa(let path):
                let output = try Command.run("openssl", ["rsa", "-in", path, "-noout", "-modulus"])
                let digits = Array(output.utf8.drop { $0 != UInt8(ascii: "=") }.dropFirst())
                let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                    UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
                }
                return #"{\#(kid)"kty":"RSA","alg":"RS256","n":"\#(Base64URL.encode(bytes))","e":"AQAB"}"#
            }
        }
    }

    var key = Key.secret(TestIssuer.secret)
    var keyID: String?

    /// A token with these claims as JSON; `exp` in an hour unless it stands there.
    func token(claims: String, header: String? = nil) throws -> String {
        var claims = claims
        if !claims.contains("\"exp\"") {
            let end = Int(Date().timeIntervalSince1970) + 3600
            claims = "{\"exp\":\(end)," + claims.dropFirst()
        }
        let kid = keyID.map { #","kid":"\#($0)""# } ?? ""
        let header = header ?? #"{"alg":"\#(key.algorithm)","typ":"JWT"\#(kid)}"#
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return "\(signed).\(Base64URL.encode(try key.signature(Array(signed.utf8))))"
    }

    /// A token of a user as the platform issues them.
    func token(_ user: String, roles: [String] = ["STUDENT"], entities: [String] = []) throws -> String {
        func list(_ texts: [String]) -> String { "[\(texts.map { "\"\($0)\"" }.joined(separator: ","))]" }
        return try token(claims: #"{"sub":"\#(user)","roles":\#(list(roles)),"entities":\#(list(entities))}"#)
    }
}
