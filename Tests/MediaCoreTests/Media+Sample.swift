import MediaCore

extension Media {
    /// A record as a course's picture has it; a test names only what it is about.
    static func sample(
        metadata: JSON? = nil, entityID: String? = nil, entityType: String? = nil, title: String? = nil,
        isPublic: Bool = false, status: MediaStatus = .ready, publicName: String = "cover.jpg"
    ) throws -> Media {
        guard let id = MediaID("c0mbi1v2e0123456789abcdef") else { throw SampleError() }
        return Media(
            id: id, type: .image, originalName: "Cover.JPEG", mimeType: "image/jpeg", size: 5_000_000_000,
            userID: "user-1", entityID: entityID, entityType: entityType, metadata: metadata, isPublic: isPublic,
            status: status, createdAt: Timestamp(milliseconds: 1_769_850_300_042),
            updatedAt: Timestamp(milliseconds: 1_769_850_301_000), title: title,
            sha256: String(repeating: "0f", count: 32), publicName: publicName)
    }

    private struct SampleError: Error {}
}
