import Glibc
import MediaCore
import MediaDatabase
import MediaStorage
import Synchronization

/// Bytes a second, for all threads that share it.
final class RateLimit: Sendable {
    private let rate: Int64
    private let begin = ContinuousClock.now
    private let total = Atomic<Int64>(0)

    init(_ rate: Int64) {
        self.rate = rate
    }

    var bytes: Int64 { total.load(ordering: .relaxed) }

    /// Waits as long as so many bytes more may take.
    func take(_ count: Int) {
        let sum = total.add(Int64(count), ordering: .relaxed).newValue
        let due = begin + .seconds(Double(sum) / Double(rate))
        while case let left = ContinuousClock.now.duration(to: due) / .milliseconds(1), left > 1 {
            usleep(UInt32(min(left, 1000) * 1000))
        }
    }
}

/// Brings a content from one store to another.
struct CopyBlob {
    /// Its bytes are not what its name says.
    struct Damaged: Error, CustomStringConvertible {
        let place: BlobPlace
        var description: String { "the bytes in store \(place.store) have another hash" }
    }

    let context: Context

    private var stores: Stores { context.environment.stores }

    /// A file here with the content, whose hash is the one that its name says.
    ///
    /// - Throws: `Damaged`; what reading throws.
    func fetch(_ entry: BlobRepository.Entry, from place: BlobPlace, _ rate: RateLimit) throws -> StagedFile {
        let storage = try stores.storage(place.store)
        let key = BlobKey(sha256: entry.sha256, token: place.token)
        let file: StagedFile
        if place.isLocal {
            file = try stores.local.stage(blob: key, as: context.stagingName())
            rate.take(Int(file.size))
        } else {
            try CheckUpload(context: context).requireRoom(entry.size)
            file = try stores.local.stage(as: context.stagingName()) { append in
                try storage.read(key, 0..<entry.size) { bytes in
                    rate.take(bytes.count)
                    try append(bytes)
                }
            }
        }
        guard file.size == entry.size, try file.digest(writesMeanwhile: !place.isLocal).sha256 == entry.sha256 else {
            throw Damaged(place: place)
        }
        if !place.isLocal { try file.sync() }
        return file
    }

    /// Puts a file into a store and has a transaction say that it lies there. What comes to nothing is taken back.
    ///
    /// - Parameter commit: returns whether it lies there now; it may run several times.
    func put(
        _ file: StagedFile, _ sha256: String, in store: String, commit: (BlobPlace, Connection) throws -> Bool
    ) throws -> Bool {
        let placing = PlaceBlob(context: context)
        let place = placing.place(in: store)
        let entry = UploadLedger.Entry(
            mediaID: MediaID(now: context.now(), using: &context.random), sha256: sha256, place: place)
        try context.connection.transaction { try UploadLedger($0).add(entry, now: context.now()) }
        do {
            try placing.put(file, sha256, .init(place: place))
            let isThere = try context.connection.transaction { connection in
                // Blobs before the ledger, in every transaction that locks both.
                _ = try BlobRepository(connection).findForUpdate(sha256)
                guard try UploadLedger(connection).remove(entry.mediaID) else { return false }
                if try commit(place, connection) { return true }
                try BlobRemovalRepository(connection).add(sha256, place, due: context.now())
                return false
            }
            // Here it is taken back in another way.
            if !isThere, place.isLocal { try RemoveBlob(context: context).transaction { _ in [sha256] } }
            return isThere
        } catch {
            SettleUploads(context: context).settleFailed([entry])
            throw error
        }
    }
}
