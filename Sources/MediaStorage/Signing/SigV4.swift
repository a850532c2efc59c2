internal import Crypto
package import MediaCore

/// Amazon's Signature Version 4 for S3 (Amazon S3 API Reference, "Authenticating Requests"). A path is encoded once and never
/// normalised there.
package struct SigV4: Sendable {
    package struct Credentials: Equatable, Sendable {
        package var accessKey: String
        package var secretKey: String
        /// Of credentials that end.
        package var sessionToken: String?
        /// When they end, and with them what they have signed.
        package var end: Timestamp?

        package init(accessKey: String, secretKey: String, sessionToken: String? = nil, end: Timestamp? = nil) {
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.sessionToken = sessionToken
            self.end = end
        }
    }

    /// In place of the hash of a body that isn't signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    package var region: String
    package var service = "s3"

    package init(region: String, service: String = "s3") {
        self.region = region
        self.service = service
    }

    /// The fields that a request needs beside its own.
    ///
    /// - Parameter payload: the body's SHA-256 in hexadecimal digits, or `unsignedPayload`.
    package func fields(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field], payload: String, _ credentials: Credentials,
        now: Timestamp
    ) -> [HTTPClient.Field] {
        let moment = now.basicISO8601
        var added = [HTTPClient.Field("x-amz-date", moment), .init("x-amz-content-sha256", payload)]
        if let token = credentials.sessionToken { added.append(.init("x-amz-security-token", token)) }
        let request = CanonicalRequest(
            method, url, fields: fields + added + [.init("host", url.authority)], payload: payload)
        let signature = signature(of: request, credentials, moment)
        added.append(
            .init(
                "Authorization",
                "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope(moment)), "
                    + "SignedHeaders=\(request.signedFields), Signature=\(signature)"))
        return added
    }

    /// A URL by which anybody may send the request.
    ///
    /// - Parameters:
    ///   - fields: those that the request has to be sent with.
    ///   - seconds: for which it holds, a week at most.
    package func presigned(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], _ credentials: Credentials, now: Timestamp,
        seconds: Int
    ) -> ObjectURL {
        let moment = now.basicISO8601
        let signed = (fields.map { $0.name.lowercased() } + ["host"]).sorted().joined(separator: ";")
        var parameters: [ObjectURL.Parameter] = [
            .init("X-Amz-Algorithm", Self.algorithm),
            .init("X-Amz-Credential", "\(credentials.accessKey)/\(scope(moment))"), .init("X-Amz-Date", moment),
            .init("X-Amz-Expires", String(seconds)), .init("X-Amz-SignedHeaders", signed),
        ]
        if let token = credentials.sessionToken { parameters.append(.init("X-Amz-Security-Token", token)) }
        let url = url.with(parameters)
        let request = CanonicalRequest(
            method, url, fields: fields + [.init("host", url.authority)], payload: Self.unsignedPayload)
        return url.with([.init("X-Amz-Signature", signature(of: request, credentials, moment))])
    }

    private func scope(_ moment: String) -> String { "\(moment.prefix(8))/\(region)/\(service)/aws4_request" }

    private func signature(of request: CanonicalRequest, _ credentials: Credentials, _ moment: String) -> String {
        let text = [Self.algorithm, moment, scope(moment), request.digest].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for word in [String(moment.prefix(8)), region, service, "aws4_request", text] {
            key = Array(HMAC<SHA256>.authenticationCode(for: Array(word.utf8), using: SymmetricKey(data: key)))
        }
        return Hex.encode(key)
    }
}
