package import MediaCore

/// What the answer to whoever reads a blob at its store says of it.
package struct BlobAnswer: Equatable, Sendable {
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
}
