package import MediaCore

/// How somebody else puts a blob into a store, by signed requests.
package struct DirectUpload: Equatable, Sendable {
    package struct Request: Equatable, Sendable {
        package var method: String
        package var url: String
        /// That it has to be sent with.
        package var fields: [HTTPClient.Field]
        /// The bytes that it brings, of the whole file.
        package var range: Range<Int64>
    }

    /// In any order, and at the same time.
    package var requests: [Request]
    /// What the store calls it; empty where it needs no name.
    package var id = ""

    package init(requests: [Request], id: String = "") {
        self.requests = requests
        self.id = id
    }
}

extension S3Storage {
    /// The most that one request may bring (Amazon S3 User Guide, "Uploading objects").
    private static let maxPut: Int64 = 64 << 20

    package func beginDirect(_ key: BlobKey, size: Int64, now: Timestamp, seconds: Int) throws -> DirectUpload {
        let url = url(key)
        let credentials = try currentCredentials(now)
        func request(_ url: ObjectURL, _ range: Range<Int64>) -> DirectUpload.Request {
            // The length is signed: not a byte more or less is taken.
            let fields = [HTTPClient.Field("Content-Length", String(range.count))]
            let signed = signer.presigned("PUT", url, fields: fields, credentials, now: now, seconds: seconds)
            return .init(method: "PUT", url: signed.text, fields: fields, range: range)
        }
        if size <= Self.maxPut { return DirectUpload(requests: [request(url, 0..<size)]) }
        let id = try beginParts(key)
        let bytes = partBytes(for: max(size, 1))
        let parts = stride(from: 0, to: size, by: Int64.Stride(bytes)).enumerated().map { index, start in
            request(
                url.with([.init("partNumber", String(index + 1)), .init("uploadId", id)]),
                start..<min(start + bytes, size))
        }
        return DirectUpload(requests: parts, id: id)
    }

    package func completeDirect(_ key: BlobKey, _ upload: DirectUpload, size: Int64) throws {
        guard !upload.id.isEmpty, try self.size(of: key) != size else { return }
        var tags: [Int: String] = [:]
        var marker = ""
        repeat {
            var query: [ObjectURL.Parameter] = [.init("uploadId", upload.id)]
            if !marker.isEmpty { query.append(.init("part-number-marker", marker)) }
            let page = try send("GET", url(key).with(query), expecting: [200]).body[...]
            for part in XMLText.all("Part", in: page) {
                guard let number = XMLText.first("PartNumber", in: part).flatMap({ Int($0) }) else { continue }
                tags[number] = XMLText.first("ETag", in: part)
            }
            marker =
                XMLText.first("IsTruncated", in: page) == "true"
                ? XMLText.first("NextPartNumberMarker", in: page) ?? "" : ""
        } while !marker.isEmpty
        let all = PartTags(count: tags.count)
        for (index, number) in tags.keys.sorted().enumerated() {
            // One that is missing is said by the size, which isn't what it should be.
            guard number == index + 1, let tag = tags[number] else { return }
            all[index] = tag
        }
        guard !tags.isEmpty else { return }
        try complete(key, upload.id, all, size: size)
    }

    /// At Amazon parts end with the upload that they are of (UploadPart: NoSuchUpload); OpenStack Swift has been seen to take them into the
    /// joined object. A whole object may be put again anywhere.
    package func isSealed(_ upload: DirectUpload) -> Bool {
        !upload.id.isEmpty && options.endpoint.authority.hasSuffix(".amazonaws.com")
    }

    package func abortDirect(_ key: BlobKey, _ upload: DirectUpload) throws {
        if !upload.id.isEmpty { try abort(url(key), upload.id) }
        try remove(key)
    }
}

extension GCSStorage {
    package func beginDirect(_ key: BlobKey, size: Int64, now: Timestamp, seconds: Int) throws -> DirectUpload {
        let fields = [
            HTTPClient.Field("Content-Length", String(size)), .init("x-goog-if-generation-match", "0"),
        ]
        let url = try presigned("PUT", key, fields: fields, now: now, seconds: seconds)
        return DirectUpload(requests: [.init(method: "PUT", url: url.text, fields: fields, range: 0..<size)])
    }

    package func completeDirect(_ key: BlobKey, _ upload: DirectUpload, size: Int64) throws {}

    /// The request is for an object that isn't there.
    package func isSealed(_ upload: DirectUpload) -> Bool { true }

    package func abortDirect(_ key: BlobKey, _ upload: DirectUpload) throws { try remove(key) }
}

extension AzureStorage {
    private static let maxPut: Int64 = 64 << 20

    package func beginDirect(_ key: BlobKey, size: Int64, now: Timestamp, seconds: Int) throws -> DirectUpload {
        let url = try writeLink(key, size <= Self.maxPut ? "c" : "cw", now: now, seconds: seconds)
        if size <= Self.maxPut {
            let fields = [HTTPClient.Field("x-ms-blob-type", "BlockBlob"), .init("Content-Length", String(size))]
            return DirectUpload(requests: [.init(method: "PUT", url: url.text, fields: fields, range: 0..<size)])
        }
        let bytes = blockBytes(for: size)
        let blocks = stride(from: 0, to: size, by: Int64.Stride(bytes)).enumerated().map { index, start in
            let range = start..<min(start + bytes, size)
            return DirectUpload.Request(
                method: "PUT",
                url: url.with([.init("comp", "block"), .init("blockid", Self.blockID(index))]).text,
                fields: [.init("Content-Length", String(range.count))], range: range)
        }
        return DirectUpload(requests: blocks, id: String(blocks.count))
    }

    package func completeDirect(_ key: BlobKey, _ upload: DirectUpload, size: Int64) throws {
        guard let count = Int(upload.id), try self.size(of: key) != size else { return }
        do {
            try commit(key, blocks: count, size: size)
        } catch let error as RemoteStorageError where error.status == 400 {
            // Blocks are missing, which the size says.
        }
    }

    /// A right to create is none to overwrite; blocks need one to write.
    package func isSealed(_ upload: DirectUpload) -> Bool { upload.id.isEmpty }

    package func abortDirect(_ key: BlobKey, _ upload: DirectUpload) throws { try remove(key) }
}
