import MediaCore
import MediaDatabase

/// Records for tests of the repositories: each has a blob of its own, and an id that follows the one before.
struct Records {
    let connection: Connection
    private var random = SystemRandomNumberGenerator()
    private var count: Int64 = 0

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// A record that isn't stored yet.
    mutating func make(
        user: String = "user", entity: (type: String, id: String)? = nil, metadata: JSON? = nil, title: String? = nil,
        isPublic: Bool = false, status: MediaStatus = .ready
    ) -> Media {
        count += 1
        let now = Timestamp(milliseconds: 1_769_850_300_000 + count)
        let digits = String(count)
        return Media(
            id: MediaID(now: now, using: &random), type: .image, originalName: "Bild \(count) 🎬.JPG",
            mimeType: "image/jpeg", size: 5_000_000_000 + count, userID: user, entityID: entity?.id,
            entityType: entity?.type, metadata: metadata, isPublic: isPublic, status: status, createdAt: now,
            updatedAt: now, title: title, sha256: String(repeating: "0", count: 64 - digits.count) + digits,
            publicName: "Bild-\(count).jpg")
    }

    /// Stores a record and its blob.
    func store(_ media: Media) throws {
        try connection.transaction { connection in
            try BlobRepository(connection).reference(
                sha256: media.sha256 ?? "", size: media.size, place: .local, now: media.createdAt)
            try MediaRepository(connection).insert(media)
        }
    }

    /// Stores a new record.
    @discardableResult
    mutating func add(
        user: String = "user", entity: (type: String, id: String)? = nil, status: MediaStatus = .ready
    ) throws -> Media {
        let media = make(user: user, entity: entity, status: status)
        try store(media)
        return media
    }
}
