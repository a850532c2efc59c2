import Glibc
import MediaCore
import MediaStorage

/// The stores elsewhere: each takes a small file, gives it back, also by a signed URL, and removes it.
struct RemoteStoreCheckup {
    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    func findings() -> [Finding] {
        let stores: Stores
        do {
            stores = try Stores(configuration)
        } catch {
            return [.fault("stores", error.description, mend: "Mend the file that MEDIA_STORES_FILE names.")]
        }
        return rights()
            + stores.others.flatMap { store in
                (store.storage as? LocalStorage).map { disk($0, store.name) } ?? remote(store, stores.local)
            }
    }

    /// The file holds secrets.
    private func rights() -> [Finding] {
        var status = stat()
        guard let path = configuration.optionalText(.storesFile), stat(path, &status) == 0, status.st_mode & 0o007 != 0
        else { return [] }
        return [
            .warning("stores", "everybody on this host may read \(path), which holds secrets", mend: "chmod o= \(path)")
        ]
    }

    private func disk(_ storage: LocalStorage, _ name: String) -> [Finding] {
        do {
            try storage.prepare()
            try storage.checkTakesFiles()
            return [.ok("store \(name)", "takes files in \(storage.root)")]
        } catch {
            return [
                .fault("store \(name)", "\(error)", mend: "\(storage.root) must be a folder of the service's user.")
            ]
        }
    }

    private func remote(_ store: StoreDescription, _ local: LocalStorage) -> [Finding] {
        let subject = "store \(store.name)"
        var random = SystemRandomNumberGenerator()
        let probe = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
        var key: BlobKey?
        defer {
            // Where even that fails, the finding says so already.
            if let key { _ = try? store.storage.remove(key) }
        }
        var step = "put a file"
        do {
            let file = try local.stage(probe, as: "check-\(getpid())-\(UInt64.random(in: 0 ... .max))")
            let own = BlobKey(
                sha256: try file.digest().sha256, token: BlobKey.token(Array(probe.prefix(16))))
            key = own
            try store.storage.put(file, own)
            step = "say a file's size"
            guard try store.storage.size(of: own) == Int64(probe.count) else { return [wrong(subject, step)] }
            step = "read a file"
            final class Collected { var bytes: [UInt8] = [] }
            let collected = Collected()
            try store.storage.read(own, 0..<1000) { collected.bytes += $0 }
            guard collected.bytes == probe else { return [wrong(subject, step)] }
            step = "list files"
            var isListed = false
            try store.storage.blobs(Hex.decode(own.sha256.prefix(2))?.first ?? 0) {
                if $0.key == own { isListed = true }
            }
            guard isListed else { return [wrong(subject, step)] }
            var findings: [Finding] = []
            if let storage = store.storage as? any RemoteStorage {
                step = "give a file by a signed URL"
                findings += try link(storage, own, probe, subject, store)
                step = "answer a page's preflight"
                findings += try preflight(storage, own, subject, store)
            }
            step = "remove a file"
            try store.storage.remove(own)
            guard try store.storage.size(of: own) == nil else {
                return [
                    .warning(
                        subject, "a removed file is still there",
                        mend:
                            "Does the bucket keep versions? Then let a lifecycle rule remove old ones, or what is deleted stays."
                    )
                ]
            }
            return findings + [.ok(subject, "\(store.kind.rawValue): puts, reads, lists, signs and removes")]
        } catch {
            return [.fault(subject, "can't \(step): \(error)", mend: mend(error, step, store))]
        }
    }

    private func link(
        _ storage: any RemoteStorage, _ key: BlobKey, _ probe: [UInt8], _ subject: String, _ store: StoreDescription
    ) throws -> [Finding] {
        var options = HTTPClient.Options()
        options.totalTime = 20_000
        options.authority = store.authority
        let url = try storage.link(key, nil, now: Clock.now(), seconds: 300)
        let client = try HTTPClient(options)
        let (head, body) = try client.exchange(
            .init("GET", url.text, fields: [.init("Range", "bytes=0-9")]), limit: 4096)
        guard head.status == 206, body == Array(probe.prefix(10)) else {
            let reason = String(decoding: body.prefix(300), as: UTF8.self).filter { !$0.isNewline }
            return [
                .fault(
                    subject, "a signed URL is answered with \(head.status): \(reason)",
                    mend: "nginx reads files by such URLs: the credentials need the right to read objects.")
            ]
        }
        return []
    }

    /// Pages whose origins may use the service may want to upload to the store directly (Fetch, CORS protocol).
    private func preflight(
        _ storage: any RemoteStorage, _ key: BlobKey, _ subject: String, _ store: StoreDescription
    ) throws -> [Finding] {
        guard let origin = configuration.list(.corsOrigins).first else { return [] }
        let upload = try storage.beginDirect(key, size: 1, now: Clock.now(), seconds: 300)
        guard let request = upload.requests.first else { return [] }
        var options = HTTPClient.Options()
        options.totalTime = 20_000
        options.authority = store.authority
        let page = origin == "*" ? configuration.text(.publicURL) : origin
        let names = request.fields.map { $0.name.lowercased() }.filter { $0 != "content-length" }
        let fields =
            [HTTPClient.Field("Origin", page), .init("Access-Control-Request-Method", request.method)]
            + (names.isEmpty ? [] : [.init("Access-Control-Request-Headers", names.joined(separator: ","))])
        let (head, _) = try HTTPClient(options).exchange(
            .init("OPTIONS", request.url, fields: fields), limit: 1 << 16)
        let allowed = head["access-control-allow-origin"]
        if head.status < 300, allowed == "*" || allowed == page { return [] }
        return [
            .warning(
                subject,
                "pages of \(page) can't upload to it directly: their preflight is answered with \(head.status)",
                mend: "Allow PUT from that origin with any header in the bucket's CORS rules, if pages are to do that.")
        ]
    }

    private func wrong(_ subject: String, _ step: String) -> Finding {
        .fault(
            subject, "doesn't \(step) that was put a moment ago",
            mend:
                "Is it a store that becomes consistent later, or a proxy or cache in front of it? Neither can be used.")
    }

    private func mend(_ error: any Error, _ step: String, _ store: StoreDescription) -> String {
        if let error = error as? RemoteStorageError {
            if error.detail.contains("Skewed") {
                return "The clock of this host is wrong: 'timedatectl' must say that it is synchronized."
            }
            switch error.kind {
            case .denied: return permission(step, store)
            case .absent: return "Is there such a bucket or container, in that region, and is its name spelt right?"
            case .unavailable: return "Is the endpoint right, and does a firewall let this host and nginx reach it?"
            default: break
            }
        }
        if error is CredentialFailure { return "Look at 'credentials' of the store in MEDIA_STORES_FILE." }
        return "Look at the store in MEDIA_STORES_FILE; the README has a working one for each provider."
    }

    private func permission(_ step: String, _ store: StoreDescription) -> String {
        let rights =
            switch (store.kind, step) {
            case (.s3, "list files"): "s3:ListBucket and s3:ListBucketMultipartUploads on the bucket"
            case (.s3, "put a file"): "s3:PutObject and s3:AbortMultipartUpload on its objects"
            case (.s3, "remove a file"): "s3:DeleteObject on its objects"
            case (.s3, _): "s3:GetObject on its objects"
            case (.gcs, _): "the role Storage Object User on the bucket"
            case (.azure, _): "the role Storage Blob Data Contributor on the container, or a SAS with racwdl"
            case (.local, _): "its folder"
            }
        return "The credentials are refused, or lack \(rights)."
    }
}
