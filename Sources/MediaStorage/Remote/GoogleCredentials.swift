internal import Glibc
package import MediaCore

/// Who the service is to Google Cloud: what its access tokens come from, and what signs its URLs.
package protocol GoogleCredentialSource: Sendable {
    /// A token for Cloud Storage.
    func token(_ now: Timestamp) throws -> String
    func presigned(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field], now: Timestamp, seconds: Int
    ) throws -> ObjectURL
}

/// A service account, by its key's file.
package final class ServiceAccount: GoogleCredentialSource {
    private let signer: GoogleSigner
    private let renewed: Renewed<String>

    /// - Parameter json: of the key's file.
    package init(_ json: JSON) throws {
        guard json["type"]?.string == "service_account", let email = json["client_email"]?.string,
            let key = json["private_key"]?.string
        else { throw CredentialFailure("the file is no key of a service account") }
        let address = json["token_uri"]?.string ?? "https://oauth2.googleapis.com/token"
        let signer = try GoogleSigner(email: email, keyID: json["private_key_id"]?.string, key: key)
        self.signer = signer
        renewed = Renewed { now in
            let assertion = try signer.assertion(
                scope: "https://www.googleapis.com/auth/devstorage.read_write", audience: address, now: now)
            let body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
            return try AccessToken.fetch(
                .init(
                    "POST", address, fields: [.init("Content-Type", "application/x-www-form-urlencoded")],
                    body: .bytes(Array(body.utf8))), now)
        }
    }

    package func token(_ now: Timestamp) throws -> String { try renewed.current(now) }

    package func presigned(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field], now: Timestamp, seconds: Int
    ) throws -> ObjectURL { try signer.presigned(method, url, fields: fields, now: now, seconds: seconds) }
}

/// The service account of the machine or pod, by the metadata server. It signs URLs by IAM's `signBlob`, for which it needs the role
/// Service Account Token Creator on itself.
package final class MetadataAccount: GoogleCredentialSource {
    private let renewed: Renewed<String>
    private let email: Renewed<String>
    private let iam: String

    /// - Parameters:
    ///   - endpoint: of the metadata server, without a slash at its end.
    ///   - iam: of IAM's API.
    package init(
        endpoint: String = "http://metadata.google.internal", iam: String = "https://iamcredentials.googleapis.com"
    ) {
        let base = "\(endpoint)/computeMetadata/v1/instance/service-accounts/default"
        let fields = [HTTPClient.Field("Metadata-Flavor", "Google")]
        renewed = Renewed { now in
            try AccessToken.fetch(
                .init(
                    "GET", "\(base)/token?scopes=https://www.googleapis.com/auth/cloud-platform", fields: fields), now)
        }
        email = Renewed { _ in
            let (head, body) = try AccessToken.client().exchange(
                .init("GET", "\(base)/email", fields: fields), limit: 4096)
            guard head.status == 200 else { throw CredentialFailure("\(base)/email answers \(head.status)") }
            return .init(value: String(decoding: body, as: UTF8.self).filter { !$0.isWhitespace }, end: nil)
        }
        self.iam = iam
    }

    package func token(_ now: Timestamp) throws -> String { try renewed.current(now) }

    package func presigned(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field], now: Timestamp, seconds: Int
    ) throws -> ObjectURL {
        let (email, token) = (try email.current(now), try renewed.current(now))
        return try GoogleSigner.presigned(method, url, fields: fields, email: email, now: now, seconds: seconds) {
            text in
            let body = JSON.object([.init("payload", .string(Base64URL.encodeStandard(Array(text.utf8))))])
            let (head, answer) = try AccessToken.client().exchange(
                .init(
                    "POST", "\(self.iam)/v1/projects/-/serviceAccounts/\(email):signBlob",
                    fields: [.init("Authorization", "Bearer \(token)"), .init("Content-Type", "application/json")],
                    body: .bytes(body.bytes)), limit: 1 << 16)
            let signed = (try? JSONParser.parse(answer))?["signedBlob"]?.string.flatMap { Base64URL.decodeStandard($0) }
            guard head.status == 200, let signed else {
                throw CredentialFailure(
                    "signBlob answers \(head.status): the account needs the role Service Account Token Creator on itself"
                )
            }
            return signed
        }
    }
}

/// OAuth 2.0's answer with an access token (RFC 6749 §5.1).
enum AccessToken {
    static func client() throws -> HTTPClient {
        var options = HTTPClient.Options()
        options.totalTime = 10_000
        return try HTTPClient(options)
    }

    static func fetch(_ request: HTTPClient.Request, _ now: Timestamp) throws -> Renewed<String>.Held {
        var options = HTTPClient.Options()
        options.totalTime = 10_000
        // A metadata service is asked without TLS, and past any proxy.
        options.usesProxy = request.url.hasPrefix("https:")
        let (head, body) = try HTTPClient(options).exchange(request, limit: 1 << 16)
        let json = try? JSONParser.parse(body)
        guard head.status == 200, let token = json?["access_token"]?.string else {
            let reason = json?["error_description"]?.string ?? json?["error"]?.string ?? ""
            throw CredentialFailure("\(request.url) gives no token: \(head.status) \(reason)")
        }
        // Azure's metadata service has it as a text.
        let seconds = json?["expires_in"]?.integer ?? json?["expires_in"]?.string.flatMap { Int64($0) } ?? 300
        return .init(value: token, end: now.adding(seconds: Int(seconds)))
    }
}
