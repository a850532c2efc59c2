import Foundation
import MediaCore
import MediaStorage
import MediaTesting
import Testing

/// What `Storage` promises, of each store.
struct StorageConformanceTests {
    /// A pattern of a length that divides no part's, copied again and again.
    private static func bytes(_ count: Int, _ salt: UInt8 = 0) -> [UInt8] {
        let pattern = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) ^ salt }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
            for start in stride(from: 0, to: count, by: pattern.count) {
                guard let target = buffer.baseAddress?.advanced(by: start) else { return }
                memcpy(target, pattern, min(pattern.count, count - start))
            }
            size = count
        }
    }

    /// Around what goes in one request, in two parts, in more.
    private static let sizes = [1, 100_000, 2 << 20, (2 << 20) + 1, 10 << 20, (10 << 20) + 1, 17_000_003]

    @Test("what was put is there whole, with its size, and is read as it was", arguments: StorageBackend.allCases)
    func whole(backend: StorageBackend) throws {
        let made = try backend.make()
        for size in Self.sizes {
            let bytes = Self.bytes(size)
            let key = try made.put(bytes, token: BlobKey.token(Array(repeating: 7, count: 16)))
            #expect(try made.storage.size(of: key) == Int64(size))
            #expect(try made.read(key) == bytes, "\(size)")
        }
    }

    @Test("any range is read, and nothing behind the end", arguments: StorageBackend.allCases)
    func ranges(backend: StorageBackend) throws {
        let made = try backend.make()
        let bytes = Self.bytes(300_000)
        let key = try made.put(bytes)
        for range in [0..<1, 0..<300_000, 299_999..<300_000, 1000..<200_000, 299_000..<400_000] {
            #expect(
                try made.read(key, Int64(range.lowerBound)..<Int64(range.upperBound))
                    == Array(bytes[range.clamped(to: 0..<300_000)]))
        }
        #expect(try made.read(key, 300_000..<300_001).isEmpty)
        #expect(try made.read(key, 5..<5).isEmpty)
    }

    @Test(
        "what isn't there has no size, and can't be read; removing may be repeated", arguments: StorageBackend.allCases)
    func absent(backend: StorageBackend) throws {
        let made = try backend.make()
        let never = BlobKey(sha256: String(repeating: "ab", count: 32))
        #expect(try made.storage.size(of: never) == nil)
        let failure = #expect(throws: (any Error).self) { try made.read(never) }
        #expect((failure as? any StorageFailure)?.isAbsent == true, "\(failure.map { "\($0)" } ?? "")")
        try made.storage.remove(never)
        let key = try made.put(Self.bytes(1000))
        let other = try made.put(Self.bytes(1000), token: BlobKey.token(Array(repeating: 1, count: 16)))
        try made.storage.remove(key)
        try made.storage.remove(key)
        #expect(try made.storage.size(of: key) == nil)
        // The same content under another key is another blob.
        #expect(try made.read(other) == Self.bytes(1000))
    }

    @Test("the same may be put again, small and large", arguments: StorageBackend.allCases)
    func again(backend: StorageBackend) throws {
        let made = try backend.make()
        for size in [1000, 11 << 20] {
            let bytes = Self.bytes(size)
            let key = try made.put(bytes)
            #expect(try made.put(bytes) == key)
            #expect(try made.read(key) == bytes)
        }
    }

    @Test("a reader sees all of it or nothing while it is put", arguments: StorageBackend.allCases)
    func atomic(backend: StorageBackend) throws {
        let made = try backend.make()
        let bytes = Self.bytes(17_000_003, 3)
        let key = BlobKey(sha256: try made.file(bytes).digest().sha256)
        let isDone = DispatchSemaphore(value: 0)
        nonisolated(unsafe) let reader = made
        nonisolated(unsafe) var seen: Set<Int64> = []
        let thread = Thread {
            while isDone.wait(timeout: .now()) == .timedOut {
                if let size = try? reader.storage.size(of: key) { seen.insert(size) }
            }
            isDone.signal()
        }
        thread.start()
        _ = try made.put(bytes)
        isDone.signal()
        usleep(100_000)
        isDone.wait()
        #expect(seen.isSubset(of: [17_000_003]))
    }

    @Test("a put that fails in the middle leaves nothing", arguments: StorageBackend.allCases)
    func failing(backend: StorageBackend) throws {
        let made = try backend.make()
        for size in [200_000, 17_000_003] {
            let file = try made.file(Self.bytes(size, 9))
            let key = BlobKey(sha256: try file.digest().sha256)
            // As a disk may fail: the file ends earlier than it did.
            truncate(file.path, off_t(size / 2))
            if backend == .local { continue }
            #expect(throws: (any Error).self) { try made.storage.put(file, key) }
            #expect(try made.storage.size(of: key) == nil)
        }
        var found: [FoundBlob] = []
        for prefix in UInt8.min...UInt8.max where prefix % 16 == 0 {
            try made.storage.blobs(prefix) { found.append($0) }
        }
        #expect(found.isEmpty)
        _ = try made.storage.removeUnfinished(olderThan: 0, now: StorageBackend.now().adding(seconds: 60))
    }

    @Test(
        "each blob is listed once, in order, over several pages; what is of others is named",
        arguments: StorageBackend.allCases)
    func listing(backend: StorageBackend) throws {
        let made = try backend.make()
        let count = backend == .swift ? 300 : 1100
        nonisolated(unsafe) let shared = made
        let bytes = Self.bytes(10)
        let sha256 = try made.file(bytes).digest().sha256
        let keys = (0..<count).map { index in
            BlobKey(
                sha256: sha256,
                token: BlobKey.token((0..<16).map { UInt8(truncatingIfNeeded: (index * 7919) >> ($0 % 4 * 8)) }))
        }
        ThreadGroup.run(8) { thread in
            for index in stride(from: thread, to: count, by: 8) {
                do {
                    try shared.storage.put(shared.file(bytes), keys[index])
                } catch {
                    Issue.record(error)
                }
            }
        }
        _ = try made.put([2])
        var found: [FoundBlob] = []
        try made.storage.blobs(#require(Hex.decode(sha256.prefix(2))?.first)) { found.append($0) }
        #expect(found.map(\.name) == keys.map(\.name).sorted())
        #expect(found.allSatisfy { $0.size == 10 && $0.key != nil })
    }

    @Test(
        "what breaks on the way is done again: resets, lost answers, short ones, 500, 503, silence",
        arguments: StorageBackend.allCases.filter { $0 != .local },
        [
            "reset,none", "none,lost,none", "503,none,none,500,none,none,none", "none,short,none,reset",
            "none,none,stall",
        ])
    func faults(backend: StorageBackend, faults: String) throws {
        let made = try backend.make(faults: faults)
        for size in [1000, 11 << 20] {
            let bytes = Self.bytes(size, UInt8(size % 251))
            let key = try made.put(bytes, token: BlobKey.token(Array(repeating: 2, count: 16)))
            #expect(try made.storage.size(of: key) == Int64(size))
            #expect(try made.read(key) == bytes)
            #expect(try made.read(key, 100..<900) == Array(bytes[100..<900]))
            try made.storage.remove(key)
            #expect(try made.storage.size(of: key) == nil)
        }
    }

    @Test(
        "what stays broken is given up, as something that may pass",
        arguments: StorageBackend.allCases.filter { $0 != .local })
    func broken(backend: StorageBackend) throws {
        for fault in ["503", "reset"] {
            let made = try backend.make(faults: fault)
            let failure = #expect(throws: (any Error).self) { try made.put(Self.bytes(1000)) }
            let isKnown = (failure as? any StorageFailure)?.isTransient == true || failure is CredentialFailure
            #expect(isKnown, "\(failure.map { "\($0)" } ?? "")")
        }
    }

    @Test("wrong credentials are said to be so, at once", arguments: [StorageBackend.ceph, .swift, .azure])
    func denied(backend: StorageBackend) throws {
        let made = try backend.make(secretKey: "wrong")
        let failure = #expect(throws: RemoteStorageError.self) { try made.put(Self.bytes(1000)) }
        #expect(failure?.kind == .denied, "\(failure.map { "\($0)" } ?? "")")
    }

    @Test(
        "a link is good for anybody, for its time, with what it says of the answer",
        arguments: StorageBackend.allCases.filter { $0 != .local })
    func links(backend: StorageBackend) throws {
        let made = try backend.make()
        let bytes = Self.bytes(100_000)
        let key = try made.put(bytes)
        let storage = try #require(made.storage as? any RemoteStorage)
        let client = try MediaStorage.HTTPClient()
        let now = StorageBackend.now()
        let url = try storage.link(key, nil, now: now, seconds: 60).text
        #expect(try client.exchange(.init("GET", url), limit: 1 << 20).body == bytes)
        let part = try client.exchange(.init("GET", url, fields: [.init("Range", "bytes=10-19")]), limit: 100)
        #expect(part.head.status == 206 && part.body == Array(bytes[10..<20]))
        let answer = BlobAnswer(
            contentType: "video/mp4", disposition: "attachment; filename=\"a b.mp4\"", cacheControl: "private, no-cache"
        )
        let said = try client.exchange(
            .init("GET", storage.link(key, answer, now: now, seconds: 60).text), limit: 1 << 20)
        #expect(said.head["content-type"] == "video/mp4" && said.head["content-disposition"] == answer.disposition)
        #expect(said.body == bytes)
        for wrong in [
            try storage.link(key, nil, now: now.adding(seconds: -7200), seconds: 60).text,
            url.replacing(key.sha256, with: String(repeating: "ab", count: 32)),
        ] {
            let status = try client.exchange(.init("GET", wrong), limit: 1 << 20).head.status
            #expect([400, 401, 403].contains(status), "\(status)")
        }
    }

    @Test("a body that isn't what its key says is refused by the store", arguments: [StorageBackend.ceph, .swift])
    func mismatch(backend: StorageBackend) throws {
        let made = try backend.make()
        let key = BlobKey(sha256: String(repeating: "cd", count: 32))
        #expect(throws: RemoteStorageError.self) { try made.storage.put(made.file(Self.bytes(1000)), key) }
        #expect(try made.storage.size(of: key) == nil)
    }

    @Test("parts of an upload that nobody ends go a day later", arguments: [StorageBackend.ceph, .swift])
    func unfinished(backend: StorageBackend) throws {
        let storage = try #require(try backend.make().storage as? any RemoteStorage)
        let now = CloudServer.now()
        let day = 86_400
        let key = BlobKey(sha256: String(repeating: "cd", count: 32))
        let requests = try storage.beginDirect(key, size: 100 << 20, now: now, seconds: 600).requests
        func put(_ index: Int) throws -> Int {
            let part = try #require(requests.dropFirst(index).first)
            let body = Self.bytes(Int(part.range.count))
            let request = MediaStorage.HTTPClient.Request(
                part.method, part.url, fields: part.fields, body: .bytes(body))
            return try MediaStorage.HTTPClient().exchange(request, limit: 10_000).head.status
        }
        #expect(try put(0) == 200)
        #expect(try storage.removeUnfinished(olderThan: day, now: now) == 0)
        #expect(try put(1) == 200)
        #expect(try storage.removeUnfinished(olderThan: day, now: now.adding(seconds: day + 60)) == 1)
        #expect(try storage.removeUnfinished(olderThan: day, now: now.adding(seconds: day + 60)) == 0)
        #expect(try put(1) == 404)
    }

    @Test("a bucket that stands in the host's name")
    func virtualHost() throws {
        let server = try CloudServer.ceph.server()
        let port = try #require(server.endpoint.split(separator: ":").last)
        let options = S3Storage.Options(
            endpoint: try #require(ObjectURL(base: "http://localhost:\(port)")), region: "us-east-1",
            bucket: try CloudServer.ceph.makeBucket())
        let storage = S3Storage(
            name: "ceph", options,
            credentials: FixedS3Credentials(
                .init(accessKey: CloudServer.accessKey, secretKey: CloudServer.secretKey)), now: { CloudServer.now() })
        #expect(storage.bucketURL.text == "http://\(options.bucket).localhost:\(port)")
        let store = try TemporaryStore()
        let file = try store.storage.stage(Self.bytes(1000), as: "a")
        let key = BlobKey(sha256: try file.digest().sha256)
        try storage.put(file, key)
        #expect(try storage.size(of: key) == 1000)
        let url = try storage.link(key, nil, now: CloudServer.now(), seconds: 60).text
        #expect(try MediaStorage.HTTPClient().exchange(.init("GET", url), limit: 2000).body == Self.bytes(1000))
        var dotted = options
        dotted.bucket = "a.b"
        let other = S3Storage(
            name: "x", dotted, credentials: FixedS3Credentials(.init(accessKey: "a", secretKey: "b")),
            now: { CloudServer.now() })
        #expect(other.bucketURL.text == "http://localhost:\(port)/a.b")
    }
}
