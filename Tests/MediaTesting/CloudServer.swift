import Foundation
package import MediaCore
package import MediaStorage

/// A kind of store elsewhere, and a real server of it that tests share.
package enum CloudServer: String, CaseIterable, Sendable {
    case ceph, swift, gcs, azure

    package static let accessKey = "media-tests"
    package static let secretKey = "a-secret-of-the-tests/+="
    package static let account = "mediatests"
    package static let azureKey = Data((0..<64).map { UInt8($0) }).base64EncodedString()

    package static func now() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    package func server() throws -> PrivateServer {
        switch self {
        case .ceph: try .shared("radosgw", [Self.accessKey, Self.secretKey])
        case .swift: try .shared("swift_s3api", [Self.accessKey, Self.secretKey])
        case .gcs: try .shared("gcs")
        case .azure: try .shared("azure_blob", [Self.account, Self.azureKey])
        }
    }

    package static func serviceAccount(_ server: PrivateServer) throws -> ServiceAccount {
        let bytes = try Data(contentsOf: URL(filePath: server.description["credentials"]?.string ?? ""))
        return try ServiceAccount(JSONParser.parse(Array(bytes)))
    }

    /// Makes a bucket, or container, that is new.
    ///
    /// - Returns: its name.
    package func makeBucket() throws -> String {
        let bucket = "media-\(UUID().uuidString.lowercased().prefix(18))"
        let server = try server()
        guard let base = ObjectURL(base: server.endpoint),
            let signer = AzureSigner(account: Self.account, key: Self.azureKey)
        else { throw TestFailure("\(server.endpoint) is no URL") }
        let now = Self.now()
        var request = MediaStorage.HTTPClient.Request("PUT", "")
        switch self {
        case .ceph, .swift:
            let url = base.appending(bucket)
            request.url = url.text
            request.fields = SigV4(region: server.description["region"]?.string ?? "").fields(
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
            request.url = url.text
            request.fields = fields + [.init("Authorization", signer.authorization("PUT", url, fields: fields))]
        }
        let (head, body) = try MediaStorage.HTTPClient().exchange(request, limit: 1 << 16)
        guard (200..<300).contains(head.status) else {
            throw TestFailure("\(rawValue): no bucket: \(head.status) \(String(decoding: body, as: UTF8.self))")
        }
        return bucket
    }

    /// A bucket as `MEDIA_STORES_FILE` describes it.
    ///
    /// - Parameter endpoint: in place of the server's own.
    package func storeDescription(_ bucket: String, endpoint: String? = nil, _ more: [JSON.Member] = []) throws -> JSON
    {
        let server = try server()
        let endpoint = JSON.Member("endpoint", .string(endpoint ?? server.endpoint))
        let members: [JSON.Member] =
            switch self {
            case .ceph, .swift:
                [
                    .init("kind", .string("s3")), endpoint, .init("bucket", .string(bucket)),
                    .init("pathStyle", .bool(true)),
                    .init("region", server.description["region"] ?? .null), .init("partBytes", .integer(5 << 20)),
                    .init(
                        "credentials",
                        .object([
                            .init("accessKey", .string(Self.accessKey)), .init("secretKey", .string(Self.secretKey)),
                        ])),
                ]
            case .gcs:
                [
                    .init("kind", .string("gcs")), endpoint, .init("bucket", .string(bucket)),
                    .init("credentials", server.description["credentials"] ?? .null),
                ]
            case .azure:
                [
                    .init("kind", .string("azure")), endpoint, .init("account", .string(Self.account)),
                    .init("container", .string(bucket)), .init("blockBytes", .integer(1 << 20)),
                    .init("credentials", .object([.init("key", .string(Self.azureKey))])),
                ]
            }
        return .object(members + [.init("prefix", .string("media"))] + more)
    }

    /// A bucket's store, as tests look into it.
    package func storage(_ bucket: String, endpoint: String? = nil) throws -> any RemoteStorage {
        let server = try server()
        guard let base = ObjectURL(base: endpoint ?? server.endpoint),
            let signer = AzureSigner(account: Self.account, key: Self.azureKey)
        else { throw TestFailure("no URL") }
        switch self {
        case .ceph, .swift:
            var options = S3Storage.Options(
                endpoint: base, region: server.description["region"]?.string ?? "", bucket: bucket)
            options.isPathStyle = true
            options.prefix = "media/"
            return S3Storage(
                name: rawValue, options,
                credentials: FixedS3Credentials(.init(accessKey: Self.accessKey, secretKey: Self.secretKey)),
                now: { Self.now() })
        case .gcs:
            var options = GCSStorage.Options(endpoint: base, bucket: bucket)
            options.prefix = "media/"
            return GCSStorage(
                name: rawValue, options, credentials: try Self.serviceAccount(server), now: { Self.now() })
        case .azure:
            var options = AzureStorage.Options(endpoint: base, account: Self.account, container: bucket)
            options.prefix = "media/"
            return AzureStorage(name: rawValue, options, credentials: .key(signer), now: { Self.now() })
        }
    }
}
