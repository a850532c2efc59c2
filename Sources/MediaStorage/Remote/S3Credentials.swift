internal import Glibc
package import MediaCore
internal import Synchronization

/// Where S3's credentials come from.
package protocol S3CredentialSource: Sendable {
    /// Those that hold now.
    ///
    /// - Throws: `CredentialFailure`.
    func current(_ now: Timestamp) throws -> SigV4.Credentials
}

/// Credentials that can't be had.
package struct CredentialFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Credentials that never change.
package struct FixedS3Credentials: S3CredentialSource {
    private let credentials: SigV4.Credentials

    package init(_ credentials: SigV4.Credentials) {
        self.credentials = credentials
    }

    package func current(_ now: Timestamp) throws -> SigV4.Credentials { credentials }
}

/// Something that is valid for some time, and is had anew before that ends.
final class Renewed<Value: Sendable>: Sendable {
    struct Held: Sendable {
        var value: Value
        /// Nil: it never ends.
        var end: Timestamp?
    }

    /// Before its end by so many seconds a value is had anew; while that fails, the old one holds to its end.
    private let margin: Int
    private let fetch: @Sendable (Timestamp) throws -> Held
    private let held = Mutex<(held: Held?, retryAt: Timestamp)>((nil, Timestamp(milliseconds: 0)))

    init(margin: Int = 300, _ fetch: @escaping @Sendable (Timestamp) throws -> Held) {
        self.margin = margin
        self.fetch = fetch
    }

    func current(_ now: Timestamp) throws -> Value {
        // Others wait meanwhile, and find it renewed.
        try held.withLock { state in
            if let held = state.held {
                guard let end = held.end else { return held.value }
                if now < end.adding(seconds: -margin) { return held.value }
                if now < end, now < state.retryAt { return held.value }
            }
            do {
                let new = try fetch(now)
                state.held = new
                return new.value
            } catch {
                guard let held = state.held, let end = held.end, now < end else { throw error }
                state.retryAt = now.adding(seconds: 10)
                return held.value
            }
        }
    }
}

/// Credentials out of the shared credentials file (`~/.aws/credentials`), which is read again every minute.
package final class FileS3Credentials: S3CredentialSource {
    private let renewed: Renewed<SigV4.Credentials>

    package init(path: String, profile: String) {
        renewed = Renewed(margin: 0) { now in
            let text: String
            do {
                let handle = try FileHandle(path, flags: O_RDONLY)
                text = String(decoding: try handle.read(at: 0, count: 1 << 20), as: UTF8.self)
            } catch {
                throw CredentialFailure("\(error)")
            }
            let values = Self.section(profile, of: text)
            guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else {
                throw CredentialFailure("\(path) has no keys in [\(profile)]")
            }
            return .init(
                value: .init(accessKey: key, secretKey: secret, sessionToken: values["aws_session_token"]),
                end: now.adding(seconds: 60))
        }
    }

    package func current(_ now: Timestamp) throws -> SigV4.Credentials { try renewed.current(now) }

    static func section(_ name: String, of text: String) -> [String: String] {
        var values: [String: String] = [:]
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("[") {
                isInside = line.dropFirst().prefix { $0 != "]" }.trimmed == name
                continue
            }
            guard isInside, let equals = line.firstIndex(of: "=") else { continue }
            values[line[..<equals].trimmed.lowercased()] = line[line.index(after: equals)...].trimmed
        }
        return values
    }
}

extension StringProtocol {
    /// Without spaces around it.
    fileprivate var trimmed: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? "")
    }
}

/// Credentials of the role that an instance of EC2 or a container has, from its metadata service (IMDSv2, or the URL in
/// `AWS_CONTAINER_CREDENTIALS_FULL_URI`).
package final class InstanceS3Credentials: S3CredentialSource {
    /// What a container shows to its agent.
    package enum Token: Sendable {
        case text(String)
        /// A file, which is read each time.
        case file(String)

        var value: String {
            get throws {
                switch self {
                case .text(let text): return text
                case .file(let path):
                    let bytes = try LocalStorage.bytes(ofFile: path, limit: 1 << 16)
                    return String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
                }
            }
        }
    }

    private let renewed: Renewed<SigV4.Credentials>

    /// - Parameters:
    ///   - endpoint: the metadata service's, without a slash at its end.
    ///   - container: where a container's agent gives them, and the token to show there; nil: from the instance.
    package init(endpoint: String = "http://169.254.169.254", container: (url: String, token: Token?)? = nil) {
        renewed = Renewed { _ in
            var options = HTTPClient.Options()
            options.connectTime = 2000
            options.totalTime = 5000
            options.usesProxy = false
            let client = try HTTPClient(options)
            func get(_ url: String, _ fields: [HTTPClient.Field], _ method: String = "GET") throws -> [UInt8] {
                let (head, body) = try client.exchange(.init(method, url, fields: fields), limit: 1 << 16)
                guard head.status == 200 else { throw CredentialFailure("\(url) answers \(head.status)") }
                return body
            }
            if let container {
                return try Self.parse(
                    get(container.url, container.token.map { [.init("Authorization", try $0.value)] } ?? []),
                    container.url)
            }
            let token = try get(
                "\(endpoint)/latest/api/token", [.init("X-aws-ec2-metadata-token-ttl-seconds", "21600")], "PUT")
            let shown = [HTTPClient.Field("X-aws-ec2-metadata-token", String(decoding: token, as: UTF8.self))]
            let base = "\(endpoint)/latest/meta-data/iam/security-credentials/"
            let role = String(decoding: try get(base, shown), as: UTF8.self).prefix { !$0.isNewline }
            guard !role.isEmpty else { throw CredentialFailure("the instance has no role") }
            return try Self.parse(get(base + role, shown), base)
        }
    }

    package func current(_ now: Timestamp) throws -> SigV4.Credentials { try renewed.current(now) }

    private static func parse(_ body: [UInt8], _ url: String) throws -> Renewed<SigV4.Credentials>.Held {
        let json = try? JSONParser.parse(body)
        guard let key = json?["AccessKeyId"]?.string, let secret = json?["SecretAccessKey"]?.string,
            let end = json?["Expiration"]?.string.flatMap({ Timestamp(iso8601: $0) })
        else { throw CredentialFailure("\(url) gives no credentials") }
        return .init(
            value: .init(accessKey: key, secretKey: secret, sessionToken: json?["Token"]?.string, end: end), end: end)
    }
}

/// Credentials of a role that a token of another identity provider is good for (AWS STS, AssumeRoleWithWebIdentity), as pods of
/// Kubernetes have them. The token's file is read anew each time.
package final class WebIdentityS3Credentials: S3CredentialSource {
    private let renewed: Renewed<SigV4.Credentials>

    package init(role: String, tokenFile: String, endpoint: String, session: String = "media-service") {
        renewed = Renewed { _ in
            let token: [UInt8]
            do {
                token = try FileHandle(tokenFile, flags: O_RDONLY).read(at: 0, count: 1 << 16)
            } catch {
                throw CredentialFailure("\(error)")
            }
            let parameters = [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
                ("RoleSessionName", session),
                ("WebIdentityToken", String(decoding: token, as: UTF8.self).trimmed.filter { !$0.isNewline }),
            ]
            let body = parameters.map { "\($0)=\(ObjectURL.encoded($1))" }.joined(separator: "&")
            var options = HTTPClient.Options()
            options.totalTime = 10_000
            let (head, answer) = try HTTPClient(options).exchange(
                .init(
                    "POST", endpoint + "/", fields: [.init("Content-Type", "application/x-www-form-urlencoded")],
                    body: .bytes(Array(body.utf8))), limit: 1 << 16)
            guard head.status == 200, let key = XMLText.first("AccessKeyId", in: answer[...]),
                let secret = XMLText.first("SecretAccessKey", in: answer[...]),
                let end = XMLText.first("Expiration", in: answer[...]).flatMap({ Timestamp(iso8601: $0) })
            else {
                let code = XMLText.first("Code", in: answer[...]) ?? ""
                throw CredentialFailure("\(endpoint) gives no credentials for \(role): \(head.status) \(code)")
            }
            return .init(
                value: .init(
                    accessKey: key, secretKey: secret, sessionToken: XMLText.first("SessionToken", in: answer[...]),
                    end: end),
                end: end)
        }
    }

    package func current(_ now: Timestamp) throws -> SigV4.Credentials { try renewed.current(now) }
}
