package import MediaCore

/// What the answer to whoever reads a blob at its store says of it.
package struct BlobAnswer: Hashable, Sendable {
    package var contentType: String
    package var disposition: String
    package var cacheControl: String

    package init(contentType: String, disposition: String, cacheControl: String) {
        self.contentType = contentType
        self.disposition = disposition
        self.cacheControl = cacheControl
    }
}

/// A store whose blobs others can read at a URL.
package protocol RemoteStorage: Storage {
    /// A URL by which anybody may read a blob.
    ///
    /// - Parameters:
    ///   - answer: what is said of it; nil: what the store says.
    ///   - seconds: for which it holds.
    func link(_ key: BlobKey, _ answer: BlobAnswer?, now: Timestamp, seconds: Int) throws -> ObjectURL

    /// When all links end whatever was asked for, since what signs them does; nil: they don't.
    func linksEnd(_ now: Timestamp) throws -> Timestamp?

    /// Lets somebody else put a blob.
    ///
    /// - Parameter seconds: for which the requests hold.
    func beginDirect(_ key: BlobKey, size: Int64, now: Timestamp, seconds: Int) throws -> DirectUpload

    /// Joins what has come; where it isn't all, the blob isn't there with its size.
    func completeDirect(_ key: BlobKey, _ upload: DirectUpload, size: Int64) throws

    /// Whether its requests can't change the blob any more once it was completed, though they hold on.
    func isSealed(_ upload: DirectUpload) -> Bool

    /// Takes back what has come of it.
    func abortDirect(_ key: BlobKey, _ upload: DirectUpload) throws
}

extension RemoteStorage {
    package func linksEnd(_ now: Timestamp) throws -> Timestamp? { nil }
}
