/// What a decision on a download and the download itself need of a record.
package struct MediaFile: Equatable, Sendable {
    package var originalName: String
    package var mimeType: String
    /// 64 hexadecimal digits.
    package var sha256: String
    package var facts: AccessPolicy.Facts

    package init(originalName: String, mimeType: String, sha256: String, facts: AccessPolicy.Facts) {
        self.originalName = originalName
        self.mimeType = mimeType
        self.sha256 = sha256
        self.facts = facts
    }
}
