import MediaCore
import MediaHTTP
import MediaStorage

/// The members of one store's description.
struct StoreFields {
    let store: String
    /// As faults name what the members are of.
    private let subject: String
    private let json: JSON

    init(_ store: String, _ json: JSON) {
        self.store = store
        self.json = json
        subject = "store '\(store)'"
    }

    /// The members of one of the rules.
    init(rule: Int, _ json: JSON) {
        self.json = json
        store = ""
        subject = "rule \(rule)"
    }

    subscript(_ name: String) -> JSON? { json[name].flatMap { $0.isNull ? nil : $0 } }

    func fault(_ name: String, _ reason: String) -> StoreReader.Fault {
        .init(description: "\(subject): \(name): \(reason)")
    }

    /// Refuses members that mean nothing.
    func require(_ known: Set<String>) throws {
        guard let members = json.object else {
            throw StoreReader.Fault(description: "\(subject): must be an object")
        }
        for member in members where !known.contains(member.name) {
            throw fault(member.name, "is unknown; there are \(known.sorted().joined(separator: ", "))")
        }
    }

    func optionalText(_ name: String) throws -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string, !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 }) else {
            throw fault(name, "must be a text")
        }
        return text
    }

    func text(_ name: String) throws -> String {
        guard let text = try optionalText(name) else { throw fault(name, "must be given") }
        return text
    }

    func number(_ name: String, _ range: ClosedRange<Int64>) throws -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw fault(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ name: String) throws -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw fault(name, "must be true or false") }
        return flag
    }

    func url(_ name: String, default text: String) throws -> ObjectURL {
        guard let url = ObjectURL(base: try optionalText(name) ?? text), SettingForm.url.accepts(url.text) else {
            throw fault(name, "must be \(SettingForm.url.description)")
        }
        return url
    }

    /// A name that nginx's configuration and a URL hold as it is.
    func segment(_ name: String) throws -> String {
        let text = try text(name)
        guard text.utf8.allSatisfy(Self.isPlain) else {
            throw fault(name, "must be of letters, digits, '.', '-' and '_'")
        }
        return text
    }

    /// What stands before each blob's name: none, or with a slash at its end.
    func prefix() throws -> String {
        guard let text = try optionalText("prefix") else { return "" }
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.allSatisfy({ $0.utf8.allSatisfy(Self.isPlain) && $0 != "." && $0 != ".." }) else {
            throw fault("prefix", "must be of letters, digits, '.', '-', '_' and '/'")
        }
        return parts.map { "\($0)/" }.joined()
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    func trying<T>(_ name: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            throw fault(name, "\(error)")
        }
    }
}

/// Files that settings name.
enum StoreFile {
    static func json(_ path: String) throws -> JSON {
        let bytes = try LocalStorage.bytes(ofFile: path, limit: 1 << 20)
        do {
            return try JSONParser.parse(bytes)
        } catch {
            throw StoreReader.Fault(description: "\(path) is no JSON: \(error.reason), at byte \(error.offset)")
        }
    }

    static func decoded(_ text: Substring) -> String { PercentDecoding.text(text) ?? String(text) }
}

/// Where a store of S3 has its credentials from.
struct S3CredentialReader {
    private let fields: StoreFields

    init(_ fields: StoreFields) {
        self.fields = fields
    }

    func read() throws -> any S3CredentialSource {
        switch fields["credentials"] {
        case .string("environment"):
            guard let key = Program.variable("AWS_ACCESS_KEY_ID"),
                let secret = Program.variable("AWS_SECRET_ACCESS_KEY")
            else { throw fields.fault("credentials", "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY isn't set") }
            return FixedS3Credentials(
                .init(accessKey: key, secretKey: secret, sessionToken: Program.variable("AWS_SESSION_TOKEN")))
        case .string("instance"):
            let address =
                Program.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                ?? Program.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map { "http://169.254.170.2\($0)" }
            let token =
                Program.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map { path -> InstanceS3Credentials.Token in
                    .file(path)
                } ?? Program.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { .text($0) }
            return InstanceS3Credentials(container: address.map { ($0, token) })
        case .string("webIdentity"):
            guard let role = Program.variable("AWS_ROLE_ARN"),
                let file = Program.variable("AWS_WEB_IDENTITY_TOKEN_FILE")
            else { throw fields.fault("credentials", "AWS_ROLE_ARN or AWS_WEB_IDENTITY_TOKEN_FILE isn't set") }
            let region = try fields.optionalText("region") ?? "us-east-1"
            return WebIdentityS3Credentials(
                role: role, tokenFile: file, endpoint: "https://sts.\(region).amazonaws.com")
        case let given?:
            if let key = given["accessKey"]?.string, let secret = given["secretKey"]?.string {
                return FixedS3Credentials(
                    .init(accessKey: key, secretKey: secret, sessionToken: given["sessionToken"]?.string))
            }
            if let path = given["file"]?.string {
                return FileS3Credentials(path: path, profile: given["profile"]?.string ?? "default")
            }
            fallthrough
        default:
            throw fields.fault(
                "credentials",
                "must be {\"accessKey\": …, \"secretKey\": …}, {\"file\": …, \"profile\": …}, \"environment\", \"instance\" "
                    + "or \"webIdentity\"")
        }
    }
}
