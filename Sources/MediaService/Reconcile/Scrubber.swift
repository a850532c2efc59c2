import Crypto
import Logging
import MediaCore
import MediaDatabase
import MediaStorage

/// `mediad scrub`: reads each blob of each store and compares its hash with its name. What has changed or is lost is brought back from
/// the second copy, where there is one.
package struct Scrubber {
    private let context: Context
    private let rate: RateLimit
    private let repairs: Bool
    private let report: (StoreFinding) -> Void

    private var stores: Stores { context.environment.stores }

    /// - Parameters:
    ///   - rate: bytes a second that are read at most.
    ///   - repairs: whether bytes are brought back.
    ///   - report: gets each finding.
    package init(context: Context, rate: Int64, repairs: Bool, report: @escaping (StoreFinding) -> Void) {
        self.context = context
        self.rate = RateLimit(rate)
        self.repairs = repairs
        self.report = report
    }

    /// - Parameters:
    ///   - first: the first byte of the hashes to begin with, after a run that was ended.
    ///   - progress: gets the byte that comes next, and how many bytes have been read.
    /// - Returns: how many blobs were read.
    package func run(from first: UInt8 = 0, progress: (UInt8, Int64) -> Void) throws -> Int {
        var count = 0
        for prefix in first...255 {
            progress(prefix, rate.bytes)
            for name in stores.names { count += try scrub(prefix, name) }
            try mendLost(prefix)
        }
        return count
    }

    private func scrub(_ prefix: UInt8, _ name: String) throws -> Int {
        let storage = try stores.storage(name)
        var keys: [BlobKey] = []
        try storage.blobs(prefix) { if let key = $0.key { keys.append(key) } }
        for key in keys where try !isWhole(key, storage) {
            let subject = name == LocalStorage.name ? "objects/\(key)" : "\(name)/\(key)"
            try found(
                .init(kind: .rot, subject: subject, text: "its bytes have another hash than its name"), key.sha256,
                BlobPlace(store: name, token: key.token))
        }
        return keys.count
    }

    /// Whether a blob is what its name says, or is gone by now.
    private func isWhole(_ key: BlobKey, _ storage: any Storage) throws -> Bool {
        final class Sum { var hash = SHA256() }
        let sum = Sum()
        do {
            try storage.read(key, 0..<Int64.max / 2) { [rate] bytes in
                rate.take(bytes.count)
                sum.hash.update(bufferPointer: bytes)
            }
        } catch let error as any StorageFailure where error.isAbsent {
            return true
        }
        return Hex.encode(Array(sum.hash.finalize())) == key.sha256
    }

    /// What isn't there at all is reported by `mediad reconcile`; with a second copy it is brought back here.
    private func mendLost(_ prefix: UInt8) throws {
        for row in try StoreAuditRepository(context.connection).blobs([prefix]) where row.places.count > 1 {
            for place in row.places {
                let key = BlobKey(sha256: row.sha256, token: place.token)
                guard try stores.storage(place.store).size(of: key) != row.size else { continue }
                try found(
                    .init(kind: .lostBlob, subject: "\(place.store)/\(key)", text: "isn't there"), row.sha256, place)
            }
        }
    }

    private func found(_ finding: StoreFinding, _ sha256: String, _ place: BlobPlace) throws {
        var finding = finding
        if repairs { finding.isRepaired = try mend(sha256, place) }
        report(finding)
    }

    /// - Returns: whether the bytes are back.
    private func mend(_ sha256: String, _ place: BlobPlace) throws -> Bool {
        guard let entry = try BlobRepository(context.connection).find(sha256), let replica = entry.replica,
            [entry.place, replica].contains(place)
        else { return false }
        let other = place == replica ? entry.place : replica
        let file: StagedFile
        do {
            file = try CopyBlob(context: context).fetch(entry, from: other, rate)
        } catch let error as CopyBlob.Damaged {
            context.logger.error(
                "both copies of a content are damaged", metadata: ["sha256": "\(sha256)", "error": "\(error)"])
            return false
        }
        if place.isLocal {
            try stores.local.replace(file, BlobKey(sha256: sha256))
            try republish(sha256)
            return true
        }
        // Under a new key: whoever reads the other one reads on.
        return try CopyBlob(context: context).put(file, sha256, in: place.store) { new, connection in
            let blobs = BlobRepository(connection)
            let isMoved =
                place == replica
                ? try blobs.clearReplica(sha256, place) && blobs.setReplica(sha256, new)
                : try blobs.move(sha256, from: place, to: new)
            if isMoved { try BlobRemovalRepository(connection).add(sha256, place, due: context.now()) }
            return isMoved
        }
    }

    /// Public links lead to the file that was there before.
    private func republish(_ sha256: String) throws {
        for id in try MediaRepository(context.connection).published(with: sha256) {
            try SettlePublications(context: context).settle(id)
        }
    }
}
