package import MediaCore

/// Blobs in a bucket of Google Cloud Storage (JSON API v1). Each is uploaded by a resumable session, which goes on after a break,
/// and with its CRC-32C, so that the store refuses what came otherwise. A name is never overwritten.
package final class GCSStorage: RemoteStorage {
    package struct Options: Sendable {
        /// Scheme and host.
        package var endpoint: ObjectURL
        package var bucket: String
        /// What stands before each name, with a slash at its end; or empty.
        package var prefix = ""
        /// Such as `NEARLINE`; nil: the bucket's.
        package var storageClass: String?

        package init(endpoint: ObjectURL, bucket: String) {
            self.endpoint = endpoint
            self.bucket = bucket
        }
    }

    package let name: String
    package let options: Options
    private let client: RemoteClient
    private let credentials: any GoogleCredentialSource

    package init(
        name: String, _ options: Options, credentials: any GoogleCredentialSource,
        limits: RemoteClient.Limits = RemoteClient.Limits(), now: @escaping @Sendable () -> Timestamp
    ) {
        self.name = name
        self.options = options
        self.credentials = credentials
        client = RemoteClient(store: name, limits: limits, now: now)
    }

    // MARK: Storage

    package func put(_ file: StagedFile, _ key: BlobKey) throws {
        let whole = FileBody(handle: file.handle, range: 0..<file.size)
        guard var session = try begin(key, whole) else { return try requireSame(file, key) }
        var begun = 1
        var position: Int64 = 0
        var failures = 0
        while true {
            let rest = FileBody(handle: file.handle, range: position..<file.size)
            do {
                let answer = try client.send("PUT \(key)", expecting: [200, 201, 308, 412], attempts: 1) {
                    HTTPClient.Request(
                        "PUT", session,
                        fields: [
                            .init(
                                "Content-Range",
                                position == file.size
                                    ? "bytes */\(file.size)" : "bytes \(position)-\(file.size - 1)/\(file.size)")
                        ], body: rest.body)
                }
                if answer.head.status == 412 { return try requireSame(file, key) }
                if answer.head.status != 308 { return }
                // What it has taken, it takes no more of: an answer without more is a failure.
                let next = Self.position(answer)
                failures = next > position ? 0 : failures + 1
                guard failures < client.limits.attempts else {
                    throw unexpected("PUT \(key)", "a session that takes no bytes")
                }
                if failures > 0 { client.pause(before: failures + 1) }
                position = next
            } catch let error as RemoteStorageError where error.isAbsent && begun < 3 {
                // The session is lost, and with it what it had.
                begun += 1
                guard let next = try begin(key, whole) else { return try requireSame(file, key) }
                (session, position) = (next, 0)
            } catch let error as RemoteStorageError where error.isTransient {
                failures += 1
                guard failures < client.limits.attempts else { throw error }
                client.pause(before: failures + 1)
                guard let next = try self.position(of: session, key, file.size) else { return }
                if next > position { failures = 1 }
                position = next
            }
        }
    }

    package func size(of key: BlobKey) throws -> Int64? {
        let answer = try send("GET", object(key).with([.init("fields", "size")]), expecting: [200, 404])
        guard answer.head.status == 200 else { return nil }
        guard let size = try? JSONParser.parse(answer.body)["size"]?.string, let size = Int64(size) else {
            throw unexpected("GET \(key)", "no size")
        }
        return size
    }

    package func read(
        _ key: BlobKey, _ range: Range<Int64>, sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let url = object(key).with([.init("alt", "media")])
        try client.read("GET \(key)", range) { range in
            try request(
                "GET", url, fields: [.init("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")])
        } sink: {
            try sink($0)
        }
    }

    package func remove(_ key: BlobKey) throws {
        _ = try send("DELETE", object(key), expecting: [200, 204, 404])
    }

    package func blobs(_ prefix: UInt8, _ body: (FoundBlob) throws -> Void) throws {
        var token: String?
        repeat {
            var query: [ObjectURL.Parameter] = [
                .init("prefix", "\(options.prefix)\(Hex.encode([prefix]))/"),
                .init("fields", "nextPageToken,items(name,size)"),
            ]
            if let token { query.append(.init("pageToken", token)) }
            let url = options.endpoint.appending("storage/v1/b/\(options.bucket)/o").with(query)
            let page = try JSONParser.parse(send("GET", url, expecting: [200]).body)
            for item in page["items"]?.array ?? [] {
                guard let name = item["name"]?.string, name.hasPrefix(options.prefix),
                    let size = item["size"]?.string.flatMap({ Int64($0) })
                else { throw unexpected("GET list", "an entry without name or size") }
                try body(FoundBlob(name: String(name.dropFirst(options.prefix.count)), size: size))
            }
            token = page["nextPageToken"]?.string
        } while token != nil
    }

    /// Sessions end by themselves after a week, and cost nothing until then.
    package func removeUnfinished(olderThan age: Int, now: Timestamp) throws -> Int { 0 }

    package func link(_ key: BlobKey, _ answer: BlobAnswer?, now: Timestamp, seconds: Int) throws -> ObjectURL {
        var url = options.endpoint.appending("\(options.bucket)/\(options.prefix)\(key.name)")
        if let answer {
            url = url.with([
                .init("response-cache-control", answer.cacheControl),
                .init("response-content-disposition", answer.disposition),
                .init("response-content-type", answer.contentType),
            ])
        }
        return try credentials.presigned("GET", url, fields: [], now: now, seconds: seconds)
    }

    func presigned(
        _ method: String, _ key: BlobKey, fields: [HTTPClient.Field], now: Timestamp, seconds: Int
    ) throws -> ObjectURL {
        let url = options.endpoint.appending("\(options.bucket)/\(options.prefix)\(key.name)")
        return try credentials.presigned(method, url, fields: fields, now: now, seconds: seconds)
    }

    // MARK: Sessions

    /// - Returns: the session's URL; nil where there is such an object already.
    private func begin(_ key: BlobKey, _ whole: FileBody) throws -> String? {
        var url = options.endpoint
        url.path += "/upload/storage/v1/b/\(ObjectURL.encoded(options.bucket))/o"
        url = url.with([
            .init("uploadType", "resumable"), .init("name", options.prefix + key.name),
            // It must not be there.
            .init("ifGenerationMatch", "0"),
        ])
        let metadata = JSON.object(
            [
                .init("contentType", .string("application/octet-stream")),
                .init("crc32c", .string(Base64URL.encodeStandard(try whole.crc32c()))),
            ] + (options.storageClass.map { [.init("storageClass", .string($0))] } ?? []))
        let fields: [HTTPClient.Field] = [
            .init("Content-Type", "application/json; charset=UTF-8"),
            .init("X-Upload-Content-Type", "application/octet-stream"),
            .init("X-Upload-Content-Length", String(whole.range.count)),
        ]
        let answer = try send("POST", url, fields: fields, body: metadata.bytes, expecting: [200, 412])
        if answer.head.status == 412 { return nil }
        guard let session = answer.head["location"] else { throw unexpected("POST \(key)", "no Location") }
        return session
    }

    /// Where a session's bytes end; nil where all of them have come.
    private func position(of session: String, _ key: BlobKey, _ size: Int64) throws -> Int64? {
        let answer = try client.send("PUT \(key)", expecting: [200, 201, 308]) {
            HTTPClient.Request("PUT", session, fields: [.init("Content-Range", "bytes */\(size)")], body: .bytes([]))
        }
        return answer.head.status == 308 ? Self.position(answer) : nil
    }

    private static func position(_ answer: RemoteClient.Answer) -> Int64 {
        guard let last = answer.head["range"]?.split(separator: "-").last.flatMap({ Int64($0) }) else { return 0 }
        return last + 1
    }

    /// The answer to an earlier attempt was lost, or the content was put before.
    private func requireSame(_ file: StagedFile, _ key: BlobKey) throws {
        guard try size(of: key) == file.size else {
            throw RemoteStorageError(
                store: name, kind: .conflict, operation: "PUT \(key)", status: 412,
                detail: "another object has this name")
        }
    }

    // MARK: Requests

    private func object(_ key: BlobKey) -> ObjectURL {
        var url = options.endpoint
        // A name is one segment here.
        url.path +=
            "/storage/v1/b/\(ObjectURL.encoded(options.bucket))/o/\(ObjectURL.encoded(options.prefix + key.name))"
        return url
    }

    private func request(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], body: [UInt8] = []
    ) throws -> HTTPClient.Request {
        let token = try credentials.token(client.now())
        return HTTPClient.Request(
            method, url.text, fields: fields + [.init("Authorization", "Bearer \(token)")],
            body: body.isEmpty ? .none : .bytes(body))
    }

    private func send(
        _ method: String, _ url: ObjectURL, fields: [HTTPClient.Field] = [], body: [UInt8] = [], expecting: Set<Int>
    ) throws -> RemoteClient.Answer {
        try client.send("\(method) \(url.path)", expecting: expecting) {
            try request(method, url, fields: fields, body: body)
        }
    }

    private func unexpected(_ operation: String, _ detail: String) -> RemoteStorageError {
        RemoteStorageError(store: name, kind: .unexpected, operation: operation, status: 0, detail: detail)
    }
}
