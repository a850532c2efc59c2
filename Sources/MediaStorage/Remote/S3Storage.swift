internal import Crypto
package import MediaCore

/// Blobs in a bucket of Amazon S3, or of any store that speaks its protocol (Amazon S3 API Reference, 2006-03-01).
///
/// Each body is signed with its SHA-256, so the store refuses what came otherwise. A large file goes in parts, several at the same
/// time, and is there when they are joined.
package final class S3Storage: RemoteStorage {
    package struct Options: Sendable {
        /// Scheme and host, such as `https://s3.eu-central-1.amazonaws.com`.
        package var endpoint: ObjectURL
        package var region: String
        package var bucket: String
        /// What stands before each name, with a slash at its end; or empty.
        package var prefix = ""
        /// Whether the bucket stands in the path, and not in the host's name.
        package var isPathStyle = false
        package var encryption = Encryption.none
        /// Such as `INTELLIGENT_TIERING`; nil: the bucket's.
        package var storageClass: String?
        /// Bytes of a part; a file with more than two of them goes in parts.
        package var partBytes: Int64 = 16 << 20
        /// How many parts go at the same time.
        package var parallel = 4

        package init(endpoint: ObjectURL, region: String, bucket: String) {
            self.endpoint = endpoint
            self.region = region
            self.bucket = bucket
        }
    }

    package enum Encryption: Equatable, Sendable {
        /// The bucket's.
        case none
        case s3
        /// By a key of AWS KMS; nil: the account's for S3.
        case kms(String?)
    }

    package let name: String
    package let options: Options
    let client: RemoteClient
    private let credentials: any S3CredentialSource
    let signer: SigV4

    package init(
        name: String, _ options: Options, credentials: any S3CredentialSource,
        limits: RemoteClient.Limits = RemoteClient.Limits(), now: @escaping @Sendable () -> Timestamp
    ) {
        self.name = name
        self.options = options
        self.credentials = credentials
        signer = SigV4(region: options.region)
        client = RemoteClient(store: name, limits: limits, now: now)
    }

    // MARK: Addresses

    /// Where the bucket is.
    package var bucketURL: ObjectURL {
        // Neither a certificate nor an address has room for a bucket's name with dots, or in front of numbers.
        let host = options.endpoint.authority.prefix { $0 != ":" }
        let isAddress = host.hasPrefix("[") || host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        if options.isPathStyle || options.bucket.contains(".") || isAddress {
            return options.endpoint.appending(options.bucket)
        }
        var url = options.endpoint
        url.authority = "\(options.bucket).\(url.authority)"
        return url
    }

    func url(_ key: BlobKey) -> ObjectURL { bucketURL.appending(options.prefix + key.name) }

    // MARK: Storage

    package func put(_ file: StagedFile, _ key: BlobKey) throws {
        // One request brings 5 GB at most.
        if file.size > min(2 * options.partBytes, 5 << 30) { return try putParts(file, key) }
        let body = FileBody(handle: file.handle, range: 0..<file.size)
        _ = try send("PUT", url(key), fields: creation, payload: key.sha256, body: body, expecting: [200])
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
            let field = HTTPClient.Field("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
            return try request("GET", url, fields: [field])
        } sink: {
            try sink($0)
        }
    }

    package func remove(_ key: BlobKey) throws {
        _ = try send("DELETE", url(key), expecting: [200, 204, 404])
    }

    package func blobs(_ prefix: UInt8, _ body: (FoundBlob) throws -> Void) throws {
        var continuation: String?
        repeat {
            var query: [ObjectURL.Parameter] = [
                .init("list-type", "2"), .init("prefix", "\(options.prefix)\(Hex.encode([prefix]))/"),
            ]
            if let continuation { query.append(.init("continuation-token", continuation)) }
            let page = try send("GET", bucketURL.with(query), expecting: [200]).body[...]
            for item in XMLText.all("Contents", in: page) {
                guard let name = XMLText.first("Key", in: item), name.hasPrefix(options.prefix),
                    let size = XMLText.first("Size", in: item).flatMap({ Int64($0) })
                else { throw unexpected("GET list", "an entry without name or size") }
                try body(FoundBlob(name: String(name.dropFirst(options.prefix.count)), size: size))
            }
            let isCut = XMLText.first("IsTruncated", in: page) == "true"
            continuation = isCut ? XMLText.first("NextContinuationToken", in: page) : nil
        } while continuation != nil
    }

    // MARK: Large files

    private func putParts(_ file: StagedFile, _ key: BlobKey) throws {
        let url = url(key)
        let id = try beginParts(key)
        do {
            let parts = file.stretches(of: partBytes(for: file.size))
            let tags = PartTags(count: parts.count)
            try Parallel.run(parts.count, width: options.parallel) { [self] index in
                let query: [ObjectURL.Parameter] = [.init("partNumber", String(index + 1)), .init("uploadId", id)]
                let answer = try send(
                    "PUT", url.with(query), payload: parts[index].sha256(), body: parts[index], expecting: [200])
                guard let tag = answer.head["etag"] else { throw unexpected("PUT \(key)", "a part without ETag") }
                tags[index] = tag
            }
            try complete(key, id, tags, size: file.size)
        } catch {
            // Where this fails, too, `removeUnfinished` finds it.
            _ = try? abort(url, id)
            throw error
        }
    }

    /// Bytes of a part, of which there are 10,000 at most.
    func partBytes(for size: Int64) -> Int64 {
        max(options.partBytes, (size / 10_000 + (1 << 20)) / (1 << 20) * (1 << 20))
    }

    func beginParts(_ key: BlobKey) throws -> String {
        let begun = try send("POST", url(key).with([.init("uploads", "")]), fields: creation, expecting: [200])
        guard let id = XMLText.first("UploadId", in: begun.body[...]) else {
            throw unexpected("POST \(key)", "no UploadId")
        }
        return id
    }

    func currentCredentials(_ now: Timestamp) throws -> SigV4.Credentials { try credentials.current(now) }

    func complete(_ key: BlobKey, _ id: String, _ tags: PartTags, size: Int64) throws {
        let lines = tags.all.enumerated().map {
            "<Part><PartNumber>\($0.offset + 1)</PartNumber><ETag>\($0.element)</ETag></Part>"
        }
        let body = Array(
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(lines.joined())</CompleteMultipartUpload>"
                .utf8)
        for attempt in 1...3 {
            let answer: RemoteClient.Answer
            do {
                answer = try send(
                    "POST", url(key).with([.init("uploadId", id)]), body: body, isSlow: true, expecting: [200, 404])
            } catch let error as RemoteStorageError where error.isTransient {
                if try self.size(of: key) == size { return }
                throw error
            }
            // 200 is sent before it is known how it ends, and the answer to an earlier attempt may have been lost.
            let isGood = !XMLText.all("CompleteMultipartUploadResult", isOpen: true, in: answer.body[...]).isEmpty
            if try self.size(of: key) == size { return }
            if isGood || attempt == 3 { throw client.error("POST \(key)", answer) }
        }
    }

    func abort(_ url: ObjectURL, _ id: String) throws {
        _ = try send("DELETE", url.with([.init("uploadId", id)]), expecting: [200, 204, 404])
    }

    package func removeUnfinished(olderThan age: Int, now: Timestamp) throws -> Int {
        var count = 0
        var marker: (key: String, id: String)?
        repeat {
            var query: [ObjectURL.Parameter] = [.init("uploads", ""), .init("prefix", options.prefix)]
            if let marker { query += [.init("key-marker", marker.key), .init("upload-id-marker", marker.id)] }
            let page = try send("GET", bucketURL.with(query), expecting: [200]).body[...]
            for item in XMLText.all("Upload", in: page) {
                guard let name = XMLText.first("Key", in: item), let id = XMLText.first("UploadId", in: item),
                    name.hasPrefix(options.prefix), BlobKey(name: String(name.dropFirst(options.prefix.count))) != nil,
                    let begun = XMLText.first("Initiated", in: item).flatMap({ Timestamp(iso8601: $0) }),
                    begun < now.adding(seconds: -age)
                else { continue }
                try abort(bucketURL.appending(name), id)
                count += 1
            }
            let isCut = XMLText.first("IsTruncated", in: page) == "true"
            marker =
                isCut
                ? XMLText.first("NextKeyMarker", in: page).map {
                    ($0, XMLText.first("NextUploadIdMarker", in: page) ?? "")
                }
                : nil
        } while marker != nil
        return count
    }

    // MARK: Requests

    /// What a new object is made with.
    private var creation: [HTTPClient.Field] {
        var fields: [HTTPClient.Field] = []
        switch options.encryption {
        case .none: break
        case .s3: fields.append(.init("x-amz-server-side-encryption", "AES256"))
        case .kms(let key):
            fields.append(.init("x-amz-server-side-encryption", "aws:kms"))
            if let key { fields.append(.init("x-amz-server-side-encryption-aws-kms-key-id", key)) }
        }
        if let storageClass = options.storageClass { fields.append(.init("x-amz-storage-class", storageClass)) }
        return fields
    }

    private static let emptyHash = Hex.encode(Array(SHA256.hash(data: [UInt8]())))

    private func request(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], payload: String? = nil,
        body: HTTPClient.Body = .none
    ) throws -> HTTPClient.Request {
        let now = client.now()
        let added = signer.fields(
            method, url, fields: fields, payload: payload ?? Self.emptyHash, try credentials.current(now), now: now)
        return HTTPClient.Request(method, url.text, fields: fields + added, body: body)
    }

    private func send(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], payload: String, body: FileBody,
        expecting: Set<Int>
    ) throws -> RemoteClient.Answer {
        try client.send("\(method) \(url.path)", expecting: expecting) {
            try request(method, url, fields: fields, payload: payload, body: body.body)
        }
    }

    func send(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], body: [UInt8] = [],
        isSlow: Bool = false, expecting: Set<Int>
    ) throws -> RemoteClient.Answer {
        let payload = Hex.encode(Array(SHA256.hash(data: body)))
        return try client.send("\(method) \(url.path)", expecting: expecting) {
            var request = try request(
                method, url, fields: fields, payload: payload, body: body.isEmpty ? .none : .bytes(body))
            request.isSlow = isSlow
            return request
        }
    }

    private func unexpected(_ operation: String, _ detail: String) -> RemoteStorageError {
        RemoteStorageError(store: name, kind: .unexpected, operation: operation, status: 0, detail: detail)
    }

    // MARK: Links

    /// A URL by which anybody may read a blob.
    package func link(_ key: BlobKey, _ answer: BlobAnswer?, now: Timestamp, seconds: Int) throws -> ObjectURL {
        var url = url(key)
        if let answer {
            url = url.with([
                .init("response-cache-control", answer.cacheControl),
                .init("response-content-disposition", answer.disposition),
                .init("response-content-type", answer.contentType),
            ])
        }
        return signer.presigned("GET", url, try credentials.current(now), now: now, seconds: seconds)
    }

    package func linksEnd(_ now: Timestamp) throws -> Timestamp? { try credentials.current(now).end }
}
