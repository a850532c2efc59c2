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

    static let now: @Sendable () -> Timestamp = { CloudServer.now() }

    private var cloud: CloudServer? { CloudServer(rawValue: rawValue) }

    /// A store of its own, whose bucket is new.
    ///
    /// - Parameter faults: what goes wrong on the way to it.
    func make(faults: String = "", secretKey: String = CloudServer.secretKey) throws -> Made {
        var limits = RemoteClient.Limits()
        limits.pause = 10...200
        limits.stallTime = 1
        guard let cloud else {
            let store = try TemporaryStore()
            return Made(storage: store.storage, local: store)
        }
        let (server, bucket) = (try cloud.server(), try cloud.makeBucket())
        let proxy = try faults.isEmpty ? nil : PrivateServer("faulty_proxy", [server.endpoint, faults])
        // The account is a part of Azure's path here.
        let base = proxy.map { $0.endpoint + (self == .azure ? "/\(CloudServer.account)" : "") } ?? server.endpoint
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
                credentials: FixedS3Credentials(.init(accessKey: CloudServer.accessKey, secretKey: secretKey)),
                limits: limits, now: Self.now)
        case .gcs:
            var options = GCSStorage.Options(endpoint: endpoint, bucket: bucket)
            options.prefix = "a prefix/"
            storage = GCSStorage(
                name: rawValue, options, credentials: try CloudServer.serviceAccount(server), limits: limits,
                now: Self.now)
        case .azure:
            var options = AzureStorage.Options(endpoint: endpoint, account: CloudServer.account, container: bucket)
            options.blockBytes = 1 << 20
            options.prefix = "a prefix/"
            let signer = try #require(
                AzureSigner(
                    account: CloudServer.account,
                    key: secretKey == CloudServer.secretKey ? CloudServer.azureKey : "AAAA"))
            storage = AzureStorage(
                name: rawValue, options, credentials: .key(signer), limits: limits, now: Self.now)
        }
        return Made(storage: storage, server: server, proxy: proxy, local: try TemporaryStore())
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
}
