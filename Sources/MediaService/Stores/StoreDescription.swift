import MediaCore
import MediaStorage

/// One store of `MEDIA_STORES_FILE`, as it is described there.
struct StoreDescription: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case local, s3, gcs, azure
    }

    /// How its blobs get to whoever asks for them.
    enum Delivery: Equatable, Sendable {
        /// By nginx, which asks the store.
        case proxy
        /// By the store, to which they are led on.
        case redirect
        /// By a CDN in front of the store, at this URL.
        case cdn(String)
    }

    let name: String
    let kind: Kind
    let delivery: Delivery
    /// Makes it.
    let storage: any Storage
    /// Scheme, host and path of what nginx asks; nil for a folder.
    let base: ObjectURL?
    /// PEM file of the certificates that are believed; nil: the system's.
    let authority: String?
    /// The folder of a store on a disk.
    let folder: String?
}

/// Reads the stores that a file describes.
struct StoreReader {
    let clock: @Sendable () -> Timestamp

    /// A member's name and what is wrong with it.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private static let common: Set<String> = ["kind", "delivery", "cdn", "ca", "timeout", "attempts"]
    private static let members: [StoreDescription.Kind: Set<String>] = [
        .local: ["kind", "path"],
        .s3: common.union([
            "endpoint", "region", "bucket", "prefix", "pathStyle", "credentials", "encryption", "kmsKey",
            "storageClass",
            "partBytes", "parallel",
        ]),
        .gcs: common.union(["endpoint", "bucket", "prefix", "credentials", "storageClass"]),
        .azure: common.union([
            "endpoint", "account", "container", "prefix", "credentials", "tier", "blockBytes", "parallel",
        ]),
    ]

    func read(_ name: String, _ json: JSON) throws -> StoreDescription {
        var fields = StoreFields(name, json)
        guard Self.isName(name), name != LocalStorage.name else {
            throw Fault(description: "store '\(name)': names are of a-z, 0-9 and '-', and not 'local'")
        }
        guard let kind = StoreDescription.Kind(rawValue: try fields.text("kind")) else {
            throw fields.fault(
                "kind", "must be one of \(StoreDescription.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try fields.require(Self.members[kind] ?? [])
        let delivery = try delivery(&fields)
        var limits = RemoteClient.Limits()
        limits.authority = try fields.optionalText("ca")
        limits.stallTime = Int(try fields.number("timeout", 1...600) ?? 20)
        limits.attempts = Int(try fields.number("attempts", 1...20) ?? 6)
        switch kind {
        case .local:
            let path = try fields.text("path")
            guard SettingForm.path.accepts(path) else {
                throw fields.fault("path", "must be \(SettingForm.path.description)")
            }
            return StoreDescription(
                name: name, kind: kind, delivery: .proxy, storage: LocalStorage(root: path, name: name), base: nil,
                authority: nil, folder: path)
        case .s3: return try s3(&fields, delivery, limits)
        case .gcs: return try gcs(&fields, delivery, limits)
        case .azure: return try azure(&fields, delivery, limits)
        }
    }

    private func delivery(_ fields: inout StoreFields) throws -> StoreDescription.Delivery {
        if let url = try fields.optionalText("cdn") {
            guard SettingForm.url.accepts(url) else {
                throw fields.fault("cdn", "must be \(SettingForm.url.description)")
            }
            return .cdn(url)
        }
        switch try fields.optionalText("delivery") ?? "proxy" {
        case "proxy": return .proxy
        case "redirect": return .redirect
        default: throw fields.fault("delivery", "must be proxy or redirect")
        }
    }

    // MARK: Amazon S3

    private func s3(
        _ fields: inout StoreFields, _ delivery: StoreDescription.Delivery, _ limits: RemoteClient.Limits
    ) throws -> StoreDescription {
        let region = try fields.optionalText("region") ?? "us-east-1"
        let bucket = try fields.segment("bucket")
        var options = S3Storage.Options(
            endpoint: try fields.url("endpoint", default: "https://s3.\(region).amazonaws.com"), region: region,
            bucket: bucket)
        options.prefix = try fields.prefix()
        options.isPathStyle = try fields.flag("pathStyle") ?? false
        options.storageClass = try fields.optionalText("storageClass")
        options.partBytes = try fields.number("partBytes", 5 << 20...5 << 30) ?? options.partBytes
        options.parallel = Int(try fields.number("parallel", 1...64) ?? Int64(options.parallel))
        let key = try fields.optionalText("kmsKey")
        switch try fields.optionalText("encryption") ?? "none" {
        case "none": options.encryption = .none
        case "s3": options.encryption = .s3
        case "kms": options.encryption = .kms(key)
        default: throw fields.fault("encryption", "must be none, s3 or kms")
        }
        let storage = S3Storage(
            name: fields.store, options, credentials: try S3CredentialReader(fields).read(), limits: limits, now: clock)
        return StoreDescription(
            name: fields.store, kind: .s3, delivery: delivery, storage: storage, base: storage.bucketURL,
            authority: limits.authority, folder: nil)
    }

    // MARK: Google Cloud Storage

    private func gcs(
        _ fields: inout StoreFields, _ delivery: StoreDescription.Delivery, _ limits: RemoteClient.Limits
    ) throws -> StoreDescription {
        var options = GCSStorage.Options(
            endpoint: try fields.url("endpoint", default: "https://storage.googleapis.com"),
            bucket: try fields.segment("bucket"))
        options.prefix = try fields.prefix()
        options.storageClass = try fields.optionalText("storageClass")
        let credentials: any GoogleCredentialSource
        switch fields["credentials"] {
        case .string("metadata"): credentials = MetadataAccount()
        case .string(let path):
            credentials = try fields.trying("credentials") { try ServiceAccount(StoreFile.json(path)) }
        default: throw fields.fault("credentials", "must be the path of a service account's key, or \"metadata\"")
        }
        let storage = GCSStorage(name: fields.store, options, credentials: credentials, limits: limits, now: clock)
        return StoreDescription(
            name: fields.store, kind: .gcs, delivery: delivery, storage: storage,
            base: options.endpoint.appending(options.bucket), authority: limits.authority, folder: nil)
    }

    // MARK: Azure Blob Storage

    private func azure(
        _ fields: inout StoreFields, _ delivery: StoreDescription.Delivery, _ limits: RemoteClient.Limits
    ) throws -> StoreDescription {
        let account = try fields.segment("account")
        var options = AzureStorage.Options(
            endpoint: try fields.url("endpoint", default: "https://\(account).blob.core.windows.net"), account: account,
            container: try fields.segment("container"))
        options.prefix = try fields.prefix()
        options.tier = try fields.optionalText("tier")
        options.blockBytes = try fields.number("blockBytes", 1 << 20...4000 << 20) ?? options.blockBytes
        options.parallel = Int(try fields.number("parallel", 1...64) ?? Int64(options.parallel))
        let given = fields["credentials"]
        let credentials: AzureCredentials
        if let key = given?["key"]?.string {
            guard let signer = AzureSigner(account: account, key: key) else {
                throw fields.fault("credentials.key", "must be in base 64")
            }
            credentials = .key(signer)
        } else if let signature = given?["sas"]?.string {
            guard let reading = given?["readSas"]?.string else {
                throw fields.fault(
                    "credentials.readSas", "must be given: a SAS that allows reading alone, which stands in links")
            }
            credentials = .signature(Self.query(signature), reading: Self.query(reading))
        } else if given == .string("identity") || given?["identity"] != nil {
            credentials = .identity(ManagedIdentity(clientID: given?["identity"]?.string))
        } else {
            throw fields.fault(
                "credentials", "must be {\"key\": …}, {\"sas\": …, \"readSas\": …}, {\"identity\": …} or \"identity\"")
        }
        let storage = AzureStorage(name: fields.store, options, credentials: credentials, limits: limits, now: clock)
        return StoreDescription(
            name: fields.store, kind: .azure, delivery: delivery, storage: storage,
            base: options.endpoint.appending(options.container), authority: limits.authority, folder: nil)
    }

    private static func query(_ signature: String) -> [ObjectURL.Parameter] {
        signature.drop { $0 == "?" }.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return .init(String(halves[0]), halves.count > 1 ? StoreFile.decoded(halves[1]) : "")
        }
    }

    private static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}
