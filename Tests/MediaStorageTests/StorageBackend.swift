import Foundation
import MediaCore
import MediaStorage
import MediaTesting
import Testing

extension JSON {
    func text(_ name: String) -> String { self[name]?.string ?? "" }
}

/// A kind of store, and a real server of it.
enum StorageBackend: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case local, ceph, swift, gcs, azure

    var testDescription: String { rawValue }

    static let accessKey = "media-tests"
    static let secretKey = "a-secret-of-the-tests/+="
    static let account = "mediatests"
    static let azureKey = Data((0..<64).map { UInt8($0) }).base64EncodedString()

    static let now: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    func server() throws -> PrivateServer? {
        switch self {
        case .local: nil
        case .ceph: try .shared("radosgw", [Self.accessKey, Self.secretKey])
        case .swift: try .shared("swift_s3api", [Self.accessKey, Self.secretKey])
        case .gcs: try .shared("gcs")
        case .azure: try .shared("azure_blob", [Self.account, Self.azureKey])
        }
    }

    /// A store of its own, whose bucket is new.
    ///
    /// - Parameter faults: what goes wrong on the way to it.
    func make(faults: String = "", secretKey: String = secretKey) throws -> Made {
        var limits = RemoteClient.Limits()
        limits.pause = 10...200
        limits.stallTime = 1
        let bucket = "media-\(UUID().uuidString.lowercased().prefix(18))"
        guard let server = try server() else {
            let store = try TemporaryStore()
            return Made(storage: store.storage, local: store)
        }
        try create(bucket, server)
        let proxy = try faults.isEmpty ? nil : PrivateServer("faulty_proxy", [server.endpoint, faults])
        // The account is a part of Azure's path here.
        let base = proxy.map { $0.endpoint + (self == .azure ? "/\(Self.account)" : "") } ?? server.endpoint
        let endpoint = try #require(ObjectURL(base: base))
        let storage: any RemoteStorage
        switch self {
        case .local: preconditionFailure("has no server")
        case .ceph, .swift:
            var options = S3Storage.Options(
                endpoint: endpoint, region: server.description.text("region"), bucket: bucket)
            options.isPathStyle = true
            options.partBytes = 5 << 20
            options.prefix = "a prefix/"
            storage = S3Storage(
                name: rawValue, options,
                credentials: FixedS3Credentials(.init(accessKey: Self.accessKey, secretKey: secretKey)),
                limits: limits, now: Self.now)
        case .gcs:
            var options = GCSStorage.Options(endpoint: endpoint, bucket: bucket)
            options.prefix = "a prefix/"
            storage = GCSStorage(
                name: rawValue, options, credentials: try Self.serviceAccount(server), limits: limits, now: Self.now)
        case .azure:
            var options = AzureStorage.Options(endpoint: endpoint, account: Self.account, container: bucket)
            options.blockBytes = 1 << 20
            options.prefix = "a prefix/"
            let signer = try #require(
                AzureSigner(account: Self.account, key: secretKey == Self.secretKey ? Self.azureKey : "AAAA"))
            storage = AzureStorage(
                name: rawValue, options, credentials: .key(signer), limits: limits, now: Self.now)
        }
        return Made(storage: storage, server: server, proxy: proxy, local: try TemporaryStore())
    }

    static func serviceAccount(_ server: PrivateServer) throws -> ServiceAccount {
        let bytes = try Data(contentsOf: URL(filePath: server.description.text("credentials")))
        return try ServiceAccount(JSONParser.parse(Array(bytes)))
    }

    /// A store, what it needs to go on, and a place for files that are put.
    struct Made {
        let storage: any Storage
        var server: PrivateServer?
        var proxy: PrivateServer?
        let local: TemporaryStore

        func file(_ bytes: [UInt8]) throws -> StagedFile {
            try local.storage.stage(bytes, as: "file-\(UUID().uuidString)")
        }

        /// Puts bytes under the key that they have.
        func put(_ bytes: [UInt8], token: String = "") throws -> BlobKey {
            let file = try file(bytes)
            let key = BlobKey(sha256: try file.digest().sha256, token: token)
            try storage.put(file, key)
            return key
        }

        func read(_ key: BlobKey, _ range: Range<Int64> = 0..<Int64.max / 2) throws -> [UInt8] {
            final class Collected { var bytes: [UInt8] = [] }
            let collected = Collected()
            try storage.read(key, range) { collected.bytes += $0 }
            return collected.bytes
        }
    }

    private func create(_ bucket: String, _ server: PrivateServer) throws {
        let base = try #require(ObjectURL(base: server.endpoint))
        let now = Self.now()
        var request = MediaStorage.HTTPClient.Request("PUT", "")
        switch self {
        case .local: return
        case .ceph, .swift:
            let url = base.appending(bucket)
            request.url = url.text
            request.fields = SigV4(region: server.description.text("region")).fields(
                "PUT", url, fields: [], payload: SigV4.unsignedPayload,
                .init(accessKey: Self.accessKey, secretKey: Self.secretKey), now: now)
        case .gcs:
            let token = try Self.serviceAccount(server).token(now)
            request = .init(
                "POST", base.appending("storage/v1/b").with([.init("project", "p")]).text,
                fields: [.init("Authorization", "Bearer \(token)"), .init("Content-Type", "application/json")],
                body: .bytes(Array(#"{"name":"\#(bucket)"}"#.utf8)))
        case .azure:
            let url = base.appending(bucket).with([.init("restype", "container")])
            let fields = [
                MediaStorage.HTTPClient.Field("x-ms-date", now.httpDate), .init("x-ms-version", AzureSigner.version),
            ]
            let signer = try #require(AzureSigner(account: Self.account, key: Self.azureKey))
            request.url = url.text
            request.fields = fields + [.init("Authorization", signer.authorization("PUT", url, fields: fields))]
        }
        let (head, body) = try MediaStorage.HTTPClient().exchange(request, limit: 1 << 16)
        try #require((200..<300).contains(head.status), "\(head.status) \(String(decoding: body, as: UTF8.self))")
    }
}
