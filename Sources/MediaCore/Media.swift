/// A media record: the seed's model and what the service keeps beside it.
package struct Media: Equatable, Sendable {
    package var id: MediaID
    package var type: MediaType
    /// The file's name as its uploader called it.
    package var originalName: String
    /// The type detected from the bytes, such as `image/jpeg`.
    package var mimeType: String
    /// Bytes.
    package var size: Int64
    package var userID: String
    /// The first entity the file belongs to, such as a lesson; set with `entityType` or not at all.
    package var entityID: String?
    package var entityType: String?
    /// A JSON object of the platform's own, as it was sent.
    package var metadata: JSON?
    package var isPublic: Bool
    /// Changes by the steps of `Media+Life` only.
    package internal(set) var status: MediaStatus
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var title: String?
    /// SHA-256 of the bytes, 64 hexadecimal digits: the name of the blob in the store. Nil where the record points outside.
    package var sha256: String?
    /// Where the file is, where it isn't in the store: somebody else's URL.
    package var externalURL: String?
    /// The last part of the public URL; its extension follows the detected type, never the uploader's name.
    package var publicName: String
    /// Counts the record's changes, from 1.
    package var revision: Int64
    /// Counts the files that the record has had, from 1; changes by `replaceFile` only.
    package internal(set) var version: Int64
    /// Since when the record has its file, where it isn't the first.
    package internal(set) var versionAt: Timestamp?
    /// Why the record is FAILED.
    package internal(set) var failureReason: String?
    /// Present where the record is deleted.
    package internal(set) var deletion: Deletion?
    /// What is to be made of the file: `default` or the name of a profile; nil: nothing.
    package var processing: String?
    /// What was found out about the file, such as width, height and duration; a JSON object.
    package var details: JSON?
    /// What was made of the file.
    package var variants: [MediaVariant] = []
    /// The content that others than owner and administrators get, where it isn't the file itself.
    package var shownSHA256: String?

    /// When a record was deleted, and what it was before.
    package struct Deletion: Equatable, Sendable {
        package var at: Timestamp
        package var status: MediaStatus

        package init(at: Timestamp, status: MediaStatus) {
            self.at = at
            self.status = status
        }
    }

    package init(
        id: MediaID, type: MediaType, originalName: String, mimeType: String, size: Int64, userID: String,
        entityID: String?, entityType: String?, metadata: JSON?, isPublic: Bool, status: MediaStatus,
        createdAt: Timestamp, updatedAt: Timestamp, title: String?, sha256: String?, publicName: String,
        externalURL: String? = nil,
        revision: Int64 = 1, version: Int64 = 1,
        versionAt: Timestamp? = nil, failureReason: String? = nil, deletion: Deletion? = nil
    ) {
        self.id = id
        self.type = type
        self.originalName = originalName
        self.mimeType = mimeType
        self.size = size
        self.userID = userID
        self.entityID = entityID
        self.entityType = entityType
        self.metadata = metadata
        self.isPublic = isPublic
        self.status = status
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.title = title
        self.sha256 = sha256
        self.externalURL = externalURL
        self.publicName = publicName
        self.revision = revision
        self.version = version
        self.versionAt = versionAt
        self.failureReason = failureReason
        self.deletion = deletion
    }

    /// Whether a public link of the file has to exist: the record is public and READY, and its file is here.
    package var isPublished: Bool { isPublic && status == .ready && sha256 != nil }

    /// Bytes that the file takes in the store.
    package var storedSize: Int64 { sha256 == nil ? 0 : size }

    /// Whether every text, too, is the other record's byte by byte.
    package func isIdentical(to other: Media) -> Bool {
        self == other && json(baseURL: "").bytes == other.json(baseURL: "").bytes
    }

    /// What decisions on the record depend on, with its first entity.
    package var facts: AccessPolicy.Facts {
        AccessPolicy.Facts(
            ownerID: userID, isPublic: isPublic, status: status, entities: Set([entity].compactMap(\.self)))
    }

    /// The first entity the file belongs to.
    package var entity: EntityReference? {
        guard let entityType, let entityID else { return nil }
        return EntityReference(type: entityType, id: entityID)
    }
}
