import Crypto
import Glibc
import MediaCore
import MediaStorage

/// `mediad scrub`: reads each blob and compares its hash with its name.
package struct Scrubber {
    private let context: Context
    private let rate: Int64
    private let report: (StoreFinding) -> Void

    /// - Parameters:
    ///   - rate: bytes a second that are read at most.
    ///   - report: gets each finding.
    package init(context: Context, rate: Int64, report: @escaping (StoreFinding) -> Void) {
        self.context = context
        self.rate = rate
        self.report = report
    }

    /// - Parameters:
    ///   - first: the first byte of the hashes to begin with, after a run that was ended.
    ///   - progress: gets the byte that comes next, and how many bytes have been read.
    /// - Returns: how many blobs were read.
    package func run(from first: UInt8 = 0, progress: (UInt8, Int64) -> Void) throws -> Int {
        var count = 0
        var bytes: Int64 = 0
        let begin = ContinuousClock.now
        for prefix in first...255 {
            progress(prefix, bytes)
            for file in try context.environment.storage.objects(prefix) {
                guard let sha256 = file.sha256 else { continue }
                if try !isWhole(
                    sha256,
                    { read in
                        bytes += Int64(read)
                        // As long as so many bytes may take.
                        let due = begin + .seconds(Double(bytes) / Double(rate))
                        let wait = ContinuousClock.now.duration(to: due) / .milliseconds(1)
                        if wait > 1 { usleep(UInt32(min(wait, 1000) * 1000)) }
                    })
                {
                    report(.init(kind: .rot, subject: file.path, text: "its bytes have another hash than its name"))
                }
                count += 1
            }
        }
        return count
    }

    /// Whether a blob is what its name says, or is gone by now.
    private func isWhole(_ sha256: String, _ didRead: (Int) -> Void) throws -> Bool {
        let handle: FileHandle
        do throws(StorageError) {
            handle = try context.environment.storage.blobHandle(sha256)
        } catch {
            if error.isAbsent { return true }
            throw error
        }
        var hash = SHA256()
        var position: Int64 = 0
        while true {
            let piece = try handle.read(at: position, count: 1 << 20)
            if piece.isEmpty { break }
            hash.update(data: piece)
            position += Int64(piece.count)
            didRead(piece.count)
        }
        return Hex.encode(Array(hash.finalize())) == sha256
    }
}
