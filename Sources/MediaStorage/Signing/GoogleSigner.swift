internal import Crypto
internal import CryptoExtras
package import MediaCore

/// What a service account of Google Cloud signs: URLs (Cloud Storage, "V4 signing process") and requests for access tokens
/// (RFC 7523).
package struct GoogleSigner: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let email: String
    private let keyID: String?
    private let key: _RSA.Signing.PrivateKey

    /// - Parameter key: PEM, PKCS #8.
    package init(email: String, keyID: String?, key: String) throws(Failure) {
        self.email = email
        self.keyID = keyID
        do {
            self.key = try _RSA.Signing.PrivateKey(pemRepresentation: key)
        } catch {
            throw Failure(description: "the service account's private key can't be read: \(error)")
        }
    }

    /// A URL by which anybody may send the request.
    ///
    /// - Parameter seconds: for which it holds, a week at most.
    package func presigned(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], now: Timestamp, seconds: Int
    ) throws(Failure) -> ObjectURL {
        try Self.presigned(method, url, fields: fields, email: email, now: now, seconds: seconds) {
            (text) throws(Failure) in try signature(of: text)
        }
    }

    /// The same where something else signs.
    static func presigned<E: Error>(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field], email: String, now: Timestamp, seconds: Int,
        sign: (String) throws(E) -> [UInt8]
    ) throws(E) -> ObjectURL {
        let moment = now.basicISO8601
        let scope = "\(moment.prefix(8))/auto/storage/goog4_request"
        let signed = (fields.map { $0.name.lowercased() } + ["host"]).sorted().joined(separator: ";")
        let url = url.with([
            .init("X-Goog-Algorithm", "GOOG4-RSA-SHA256"), .init("X-Goog-Credential", "\(email)/\(scope)"),
            .init("X-Goog-Date", moment), .init("X-Goog-Expires", String(seconds)),
            .init("X-Goog-SignedHeaders", signed),
        ])
        let request = CanonicalRequest(
            method, url, fields: fields + [.init("host", url.authority)],
            payload: fields.first { $0.name.lowercased() == "x-goog-content-sha256" }?.value ?? "UNSIGNED-PAYLOAD")
        let text = ["GOOG4-RSA-SHA256", moment, scope, request.digest].joined(separator: "\n")
        return url.with([.init("X-Goog-Signature", Hex.encode(try sign(text)))])
    }

    /// What an access token is had for.
    ///
    /// - Parameter audience: where it is had.
    package func assertion(scope: String, audience: String, now: Timestamp) throws(Failure) -> String {
        let header = JSON.object([
            .init("alg", .string("RS256")), .init("typ", .string("JWT")), .init("kid", JSON(keyID)),
        ])
        let seconds = now.milliseconds / 1000
        let claims = JSON.object([
            .init("iss", .string(email)), .init("scope", .string(scope)), .init("aud", .string(audience)),
            .init("iat", .integer(seconds)), .init("exp", .integer(seconds + 3600)),
        ])
        let text = "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))"
        return "\(text).\(Base64URL.encode(try signature(of: text)))"
    }

    private func signature(of text: String) throws(Failure) -> [UInt8] {
        do {
            return Array(
                try key.signature(for: SHA256.hash(data: Array(text.utf8)), padding: .insecurePKCS1v1_5)
                    .rawRepresentation)
        } catch {
            throw Failure(description: "the service account's key can't sign: \(error)")
        }
    }
}
