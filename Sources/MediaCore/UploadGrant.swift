/// What the holder of an upload token may do: upload files of one user, for a while.
package struct UploadGrant: Equatable, Sendable {
    package var userID: String
    /// What the files are to belong to; nil: nothing.
    package var entity: EntityReference?
    /// Bytes of one file; nil: as many as anybody's may have.
    package var maxBytes: Int64?
    /// What `TypeAllowList` reads; nil: what anybody may upload.
    package var types: String?
    package var expiresAt: Timestamp

    package init(
        userID: String, entity: EntityReference? = nil, maxBytes: Int64? = nil, types: String? = nil,
        expiresAt: Timestamp
    ) {
        self.userID = userID
        self.entity = entity
        self.maxBytes = maxBytes
        self.types = types
        self.expiresAt = expiresAt
    }

    /// As a token carries it.
    package var json: JSON {
        .object([
            .init("sub", .string(userID)), .init("exp", .integer(expiresAt.milliseconds / 1000)),
            .init("type", JSON(entity?.type)), .init("id", JSON(entity?.id)),
            .init("max", maxBytes.map(JSON.integer) ?? .null), .init("mime", JSON(types)),
        ])
    }

    package init?(_ json: JSON) {
        guard let userID = json["sub"]?.string, case .integer(let end)? = json["exp"] else { return nil }
        self.userID = userID
        expiresAt = Timestamp(milliseconds: end * 1000)
        if let type = json["type"]?.string, let id = json["id"]?.string { entity = EntityReference(type: type, id: id) }
        if case .integer(let bytes)? = json["max"] { maxBytes = bytes }
        types = json["mime"]?.string
    }
}
