/// What a decision on a download and the download itself need of a record.
package struct MediaFile: Equatable, Sendable {
    package var originalName: String
    package var mimeType: String
    package var isPublic: Bool
    package var status: MediaStatus
    /// 64 hexadecimal digits.
    package var sha256: String

    package init(originalName: String, mimeType: String, isPublic: Bool, status: MediaStatus, sha256: String) {
        self.originalName = originalName
        self.mimeType = mimeType
        self.isPublic = isPublic
        self.status = status
        self.sha256 = sha256
    }

    /// Whether everybody may have it.
    package var isPublished: Bool { isPublic && status == .ready }
}
