/// What a decision on a download and the download itself need of a record.
package struct MediaFile: Equatable, Sendable {
    package var originalName: String
    package var mimeType: String
    package var location: Location
    /// The content that others than owner and administrators get, where it isn't the file itself.
    package var shownSHA256: String?
    package var facts: AccessPolicy.Facts

    package enum Location: Equatable, Sendable {
        /// In the store, by its content's SHA-256 in 64 hexadecimal digits.
        case stored(sha256: String)
        case outside(url: String)
    }

    package init(
        originalName: String, mimeType: String, location: Location, shownSHA256: String? = nil,
        facts: AccessPolicy.Facts
    ) {
        self.originalName = originalName
        self.mimeType = mimeType
        self.location = location
        self.shownSHA256 = shownSHA256
        self.facts = facts
    }
}
