internal import Crypto
package import MediaCore

/// Who the service is to Azure.
package enum AzureCredentials: Sendable {
    /// A key of the account, which signs requests and links.
    case key(AzureSigner)
    /// Shared access signatures for the container, as queries: one with `r`, `w`, `c`, `d` and `l`, and one with `r` alone, which stands in
    /// links.
    case signature([ObjectURL.Parameter], reading: [ObjectURL.Parameter])
    /// A managed identity, by the machine's metadata service. What signs its links is a key that Azure gives it for some days.
    case identity(ManagedIdentity)
}

/// A managed identity of Azure, by the instance metadata service.
package final class ManagedIdentity: Sendable {
    private let renewed: Renewed<String>

    /// - Parameters:
    ///   - endpoint: of the metadata service.
    ///   - clientID: of a user-assigned identity; nil: the machine's own.
    package init(endpoint: String = "http://169.254.169.254/metadata/identity/oauth2/token", clientID: String? = nil) {
        var url = "\(endpoint)?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F"
        if let clientID { url += "&client_id=\(ObjectURL.encoded(clientID))" }
        renewed = Renewed { [url] now in
            try AccessToken.fetch(.init("GET", url, fields: [.init("Metadata", "true")]), now)
        }
    }

    func token(_ now: Timestamp) throws -> String { try renewed.current(now) }
}

/// Blobs in a container of Azure Blob Storage, as block blobs. Each block goes with its MD5, so that the store refuses what came
/// otherwise; a large file goes in several at the same time, and is there when they are committed.
package final class AzureStorage: RemoteStorage {
    package struct Options: Sendable {
        /// Such as `https://ACCOUNT.blob.core.windows.net`.
        package var endpoint: ObjectURL
        package var account: String
        package var container: String
        /// What stands before each name, with a slash at its end; or empty.
        package var prefix = ""
        /// Such as `Cool`; nil: the account's.
        package var tier: String?
        /// Bytes of a block; a file with more than two of them goes in blocks.
        package var blockBytes: Int64 = 16 << 20
        /// How many blocks go at the same time.
        package var parallel = 4

        package init(endpoint: ObjectURL, account: String, container: String) {
            self.endpoint = endpoint
            self.account = account
            self.container = container
        }
    }

    package let name: String
    package let options: Options
    private let client: RemoteClient
    private let credentials: AzureCredentials
    /// What signs links; nil where that is done already.
    private let linkSigner: Renewed<AzureSigner>?

    package init(
        name: String, _ options: Options, credentials: AzureCredentials,
        limits: RemoteClient.Limits = RemoteClient.Limits(), now: @escaping @Sendable () -> Timestamp
    ) {
        self.name = name
        self.options = options
        self.credentials = credentials
        let client = RemoteClient(store: name, limits: limits, now: now)
        self.client = client
        switch credentials {
        case .key(let signer): linkSigner = Renewed { _ in .init(value: signer) }
        case .signature: linkSigner = nil
        case .identity(let identity):
            // In the half of the week for which it holds there is time to get another one.
            linkSigner = Renewed(margin: Self.delegationDays * 86_400 / 2) { now in
                try Self.delegatedSigner(client, options, identity, now)
            }
        }
    }

    /// Azure gives a key for a week at most.
    private static let delegationDays = 7

    /// "Get User Delegation Key".
    private static func delegatedSigner(
        _ client: RemoteClient, _ options: Options, _ identity: ManagedIdentity, _ now: Timestamp
    ) throws -> Renewed<AzureSigner>.Held {
        let url = options.endpoint.with([.init("restype", "service"), .init("comp", "userdelegationkey")])
        // Clocks differ by some minutes.
        let start = now.adding(seconds: -900)
        let end = now.adding(seconds: delegationDays * 86_400 - 900)
        let body =
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>\(start.wholeISO8601)</Start>"
            + "<Expiry>\(end.wholeISO8601)</Expiry></KeyInfo>"
        let answer = try client.send("POST userdelegationkey", expecting: [200]) {
            HTTPClient.Request(
                "POST", url.text,
                fields: [
                    .init("x-ms-version", AzureSigner.version), .init("Content-Type", "application/xml"),
                    .init("Authorization", "Bearer \(try identity.token(now))"),
                ], body: .bytes(Array(body.utf8)))
        }
        func text(_ name: String) throws -> String {
            guard let text = XMLText.first(name, in: answer.body[...]) else {
                throw CredentialFailure("\(url.text) answers with no \(name)")
            }
            return text
        }
        let delegation = AzureSigner.Delegation(
            object: try text("SignedOid"), tenant: try text("SignedTid"), start: try text("SignedStart"),
            end: try text("SignedExpiry"), service: try text("SignedService"), version: try text("SignedVersion"))
        guard let signer = AzureSigner(account: options.account, key: try text("Value"), delegation: delegation) else {
            throw CredentialFailure("\(url.text) answers with no key")
        }
        return .init(value: signer, end: end)
    }

    private var container: ObjectURL { options.endpoint.appending(options.container) }

    private func url(_ key: BlobKey) -> ObjectURL { container.appending(options.prefix + key.name) }

    // MARK: Storage

    package func put(_ file: StagedFile, _ key: BlobKey) throws {
        // One request brings 5000 MiB at most.
        if file.size > min(2 * options.blockBytes, 5000 << 20) { return try putBlocks(file, key) }
        let body = FileBody(handle: file.handle, range: 0..<file.size)
        let fields = [
            HTTPClient.Field("x-ms-blob-type", "BlockBlob"),
            .init("Content-MD5", Base64URL.encodeStandard(try body.md5())),
        ]
        _ = try send("PUT", url(key), fields: fields + tier, body: body.body, expecting: [201])
    }

    private func putBlocks(_ file: StagedFile, _ key: BlobKey) throws {
        let url = url(key)
        let blocks = file.stretches(of: blockBytes(for: file.size))
        try Parallel.run(blocks.count, width: options.parallel) { [self] index in
            let query: [ObjectURL.Parameter] = [.init("comp", "block"), .init("blockid", Self.blockID(index))]
            let sum = Base64URL.encodeStandard(try blocks[index].md5())
            _ = try send(
                "PUT", url.with(query), fields: [.init("Content-MD5", sum)], body: blocks[index].body, expecting: [201])
        }
        try commit(key, blocks: blocks.count, size: file.size)
    }

    /// Bytes of a block, of which there are 50,000 at most.
    func blockBytes(for size: Int64) -> Int64 {
        max(options.blockBytes, (size / 50_000 + (1 << 20)) / (1 << 20) * (1 << 20))
    }

    func commit(_ key: BlobKey, blocks: Int, size: Int64) throws {
        let list = (0..<blocks).map { "<Latest>\(Self.blockID($0))</Latest>" }.joined()
        let body = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>\(list)</BlockList>".utf8)
        let fields = [
            HTTPClient.Field("x-ms-blob-content-type", "application/octet-stream"),
            .init("Content-Type", "application/xml"),
            .init("Content-MD5", Base64URL.encodeStandard(Array(Insecure.MD5.hash(data: body)))),
        ]
        do {
            _ = try send(
                "PUT", url(key).with([.init("comp", "blocklist")]), fields: fields + tier, body: .bytes(body),
                isSlow: true, expecting: [201])
        } catch let error as RemoteStorageError {
            // The answer to an earlier attempt was lost, which used the blocks up.
            guard error.status == 400, try self.size(of: key) == size else { throw error }
        }
    }

    /// All of one length.
    static func blockID(_ index: Int) -> String {
        Base64URL.encodeStandard((0..<4).map { UInt8(truncatingIfNeeded: index >> (24 - 8 * $0)) } + [0, 0])
    }

    package func size(of key: BlobKey) throws -> Int64? {
        let answer = try send("HEAD", url(key), expecting: [200, 404])
        guard answer.head.status == 200 else { return nil }
        return answer.head["content-length"].flatMap { Int64($0) }
    }

    package func read(
        _ key: BlobKey, _ range: Range<Int64>, sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let url = url(key)
        try client.read("GET \(key)", range) { range in
            try request(
                "GET", url, fields: [.init("x-ms-range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")])
        } sink: {
            try sink($0)
        }
    }

    package func remove(_ key: BlobKey) throws {
        _ = try send("DELETE", url(key), expecting: [202, 404])
    }

    package func blobs(_ prefix: UInt8, _ body: (FoundBlob) throws -> Void) throws {
        var marker = ""
        repeat {
            var query: [ObjectURL.Parameter] = [
                .init("restype", "container"), .init("comp", "list"),
                .init("prefix", "\(options.prefix)\(Hex.encode([prefix]))/"),
            ]
            if !marker.isEmpty { query.append(.init("marker", marker)) }
            let page = try send("GET", container.with(query), expecting: [200]).body[...]
            for item in XMLText.all("Blob", in: page) {
                guard let name = XMLText.first("Name", in: item), name.hasPrefix(options.prefix),
                    let size = XMLText.first("Content-Length", in: item).flatMap({ Int64($0) })
                else {
                    throw RemoteStorageError(
                        store: self.name, kind: .unexpected, operation: "GET list", status: 200,
                        detail: "an entry without name or size")
                }
                try body(FoundBlob(name: String(name.dropFirst(options.prefix.count)), size: size))
            }
            marker = XMLText.first("NextMarker", in: page) ?? ""
        } while !marker.isEmpty
    }

    /// Blocks that were never committed go by themselves after a week.
    package func removeUnfinished(olderThan age: Int, now: Timestamp) throws -> Int { 0 }

    package func link(_ key: BlobKey, _ answer: BlobAnswer?, now: Timestamp, seconds: Int) throws -> ObjectURL {
        var grant = AzureSigner.Grant("r", until: now.adding(seconds: seconds))
        grant.cacheControl = answer?.cacheControl
        grant.contentDisposition = answer?.disposition
        grant.contentType = answer?.contentType
        return try url(key).with(signed(grant, key, now))
    }

    /// A URL by which anybody may do what the permissions say with one blob.
    func writeLink(_ key: BlobKey, _ permissions: String, now: Timestamp, seconds: Int) throws -> ObjectURL {
        if case .signature = credentials {
            throw CredentialFailure("a SAS signs no links to upload; give the store the account's key or an identity")
        }
        return try url(key).with(signed(AzureSigner.Grant(permissions, until: now.adding(seconds: seconds)), key, now))
    }

    private func signed(
        _ grant: AzureSigner.Grant, _ key: BlobKey, _ now: Timestamp
    ) throws -> [ObjectURL.Parameter] {
        if case .signature(_, let reading) = credentials { return reading }
        guard let signer = try linkSigner?.current(now) else { return [] }
        var grant = grant
        grant.isSecure = options.endpoint.scheme == "https"
        return signer.signature(container: options.container, blob: options.prefix + key.name, grant)
    }

    // MARK: Requests

    private var tier: [HTTPClient.Field] { options.tier.map { [.init("x-ms-access-tier", $0)] } ?? [] }

    private func request(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], body: HTTPClient.Body = .none
    ) throws -> HTTPClient.Request {
        let now = client.now()
        var url = url
        var fields = fields + [.init("x-ms-date", now.httpDate), .init("x-ms-version", AzureSigner.version)]
        switch credentials {
        case .key(let signer):
            let signed = fields + (body.size > 0 ? [.init("Content-Length", String(body.size))] : [])
            fields.append(.init("Authorization", signer.authorization(method, url, fields: signed)))
        case .signature(let query, _): url = url.with(query)
        case .identity(let identity): fields.append(.init("Authorization", "Bearer \(try identity.token(now))"))
        }
        return HTTPClient.Request(method, url.text, fields: fields, body: body)
    }

    private func send(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], body: HTTPClient.Body = .none,
        isSlow: Bool = false, expecting: Set<Int>
    ) throws -> RemoteClient.Answer {
        try client.send("\(method) \(url.path)", expecting: expecting) {
            var request = try request(method, url, fields: fields, body: body)
            request.isSlow = isSlow
            return request
        }
    }
}
