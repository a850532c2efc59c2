internal import Crypto
package import MediaCore

/// What the key of an Azure storage account signs: requests ("Authorize with Shared Key") and URLs ("Create a service SAS"). A user
/// delegation key, which an identity is given for a while, signs URLs alone ("Create a user delegation SAS").
package struct AzureSigner: Sendable {
    /// The protocol's version, whose fields a SAS signs in the order below.
    package static let version = "2021-12-02"

    /// Whose a user delegation key is, and what for, as "Get User Delegation Key" answers.
    package struct Delegation: Equatable, Sendable {
        package var object: String
        package var tenant: String
        /// As they were given, since they are signed.
        package var start: String
        package var end: String
        package var service: String
        package var version: String

        package init(object: String, tenant: String, start: String, end: String, service: String, version: String) {
            self.object = object
            self.tenant = tenant
            self.start = start
            self.end = end
            self.service = service
            self.version = version
        }
    }

    package let account: String
    /// Nil: the key is the account's.
    package let delegation: Delegation?
    private let key: SymmetricKey

    /// - Parameter key: in base 64; nil is returned for what isn't.
    package init?(account: String, key: String, delegation: Delegation? = nil) {
        guard let bytes = Base64URL.decodeStandard(key), !bytes.isEmpty else { return nil }
        self.account = account
        self.delegation = delegation
        self.key = SymmetricKey(data: bytes)
    }

    /// The `Authorization` of a request.
    ///
    /// - Parameter fields: all that it is sent with, `x-ms-date` among them.
    package func authorization(_ method: String, _ url: ObjectURL, fields: [HTTPClient.Field]) -> String {
        func value(_ name: String) -> String { fields.first { $0.name.lowercased() == name }?.value ?? "" }
        var lines = [method]
        for name in [
            "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
            "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
        ] {
            lines.append(name == "content-length" && value(name) == "0" ? "" : value(name))
        }
        lines += fields.map { (name: $0.name.lowercased(), value: $0.value) }.filter { $0.name.hasPrefix("x-ms-") }
            .sorted { $0.name < $1.name }.map { "\($0.name):\($0.value)" }
        lines.append("/\(account)\(url.path)")
        lines += url.query.map { ($0.name.lowercased(), $0.value) }.sorted { $0 < $1 }.map { "\($0):\($1)" }
        return "SharedKey \(account):\(signature(of: lines.joined(separator: "\n")))"
    }

    /// What a SAS allows, and what the answer to whoever uses it says in place of what the blob does.
    package struct Grant: Equatable, Sendable {
        /// `r` read, `w` write, `c` create, in Azure's order.
        package var permissions: String
        package var start: Timestamp?
        package var end: Timestamp
        /// Whether by TLS only.
        package var isSecure = true
        package var address: String?
        package var cacheControl: String?
        package var contentDisposition: String?
        package var contentType: String?

        package init(_ permissions: String, until end: Timestamp) {
            self.permissions = permissions
            self.end = end
        }
    }

    /// The parameters of a URL by which anybody may do with a blob what `grant` says.
    package func signature(
        container: String, blob: String, _ grant: Grant
    ) -> [ObjectURL.Parameter] {
        let start = grant.start?.wholeISO8601 ?? ""
        let end = grant.end.wholeISO8601
        let address = grant.address ?? ""
        let scheme = grant.isSecure ? "https" : ""
        let signedBy = delegation.map {
            [$0.object, $0.tenant, $0.start, $0.end, $0.service, $0.version, "", "", ""]
        }
        let texts =
            [grant.permissions, start, end, "/blob/\(account)/\(container)/\(blob)"] + (signedBy ?? [""]) + [
                address, scheme, Self.version, "b", "", "", grant.cacheControl ?? "", grant.contentDisposition ?? "",
                "",
                "", grant.contentType ?? "",
            ]
        let parameters = [
            ("skoid", delegation?.object ?? ""), ("sktid", delegation?.tenant ?? ""), ("skt", delegation?.start ?? ""),
            ("ske", delegation?.end ?? ""), ("sks", delegation?.service ?? ""), ("skv", delegation?.version ?? ""),
            ("st", start), ("se", end), ("sp", grant.permissions), ("sip", address), ("spr", scheme),
            ("sv", Self.version), ("sr", "b"), ("rscc", grant.cacheControl ?? ""),
            ("rscd", grant.contentDisposition ?? ""), ("rsct", grant.contentType ?? ""),
            ("sig", signature(of: texts.joined(separator: "\n"))),
        ]
        return parameters.filter { !$0.1.isEmpty }.map { .init($0.0, $0.1) }
    }

    private func signature(of text: String) -> String {
        Base64URL.encodeStandard(Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)))
    }
}
