extension Media {
    /// The members of a record in an answer, in their order.
    package static let fieldNames = [
        "id", "type", "originalName", "mimeType", "size", "url", "userId", "entityId", "entityType", "metadata",
        "isPublic", "status", "createdAt", "updatedAt", "title", "sha256", "revision", "failureReason", "deletedAt",
        "version", "details", "variants",
    ]

    /// The record as every answer carries it: the seed's fields in the seed's order, then the service's own.
    ///
    /// - Parameter baseURL: what the service is reached at from outside, without a slash at its end.
    package func json(baseURL: String) -> JSON {
        .object([
            .init("id", .string(id.rawValue)),
            .init("type", .string(type.rawValue)),
            .init("originalName", .string(originalName)),
            .init("mimeType", .string(mimeType)),
            .init("size", .integer(size)),
            .init("url", .string(url(baseURL: baseURL))),
            .init("userId", .string(userID)),
            .init("entityId", JSON(entityID)),
            .init("entityType", JSON(entityType)),
            .init("metadata", shownMetadata ?? .null),
            .init("isPublic", .bool(isPublic)),
            .init("status", .string(status.rawValue)),
            .init("createdAt", .string(createdAt.iso8601)),
            .init("updatedAt", .string(updatedAt.iso8601)),
            .init("title", JSON(title)),
            .init("sha256", JSON(sha256)),
            .init("revision", .integer(revision)),
            .init("failureReason", JSON(failureReason)),
            .init("deletedAt", JSON(deletion?.at.iso8601)),
            .init("version", .integer(version)),
            .init("details", details ?? .null),
            .init("variants", .array(variants.map { $0.json(url: url(of: $0, baseURL: baseURL)) })),
        ])
    }

    /// What was measured of the file and is shown in the metadata too, where the platform hasn't put its own there.
    private static let measures = ["width", "height", "duration", "pages"]

    private var shownMetadata: JSON? {
        guard let members = (metadata ?? .object([])).object else { return metadata }
        let added = Self.measures.compactMap { name -> JSON.Member? in
            guard let value = details?[name], !value.isNull, metadata?[name] == nil else { return nil }
            return JSON.Member(name, value)
        }
        return added.isEmpty ? metadata : .object(members + added)
    }

    /// The platform's own part of metadata that it sends as it was shown with some change, so that what was measured stays so of
    /// another file too.
    package func ownMetadata(_ sent: JSON?) -> JSON? {
        guard let members = sent?.object else { return sent }
        let own = members.filter { member in
            guard Self.measures.contains(member.name), let value = details?[member.name]?.double else { return true }
            return member.value.double != value
        }
        return own.isEmpty && !members.isEmpty ? nil : .object(own)
    }

    /// Where a variant is found. One that is called as the file itself has no public URL.
    package func url(of variant: MediaVariant, baseURL: String) -> String {
        let isLinked = isPublished && variant.fileName != publicName
        // Caches may keep what is public for long, and one name may get another content.
        return isLinked
            ? "\(baseURL)/p/\(id)/\(variant.fileName)?v=\(variant.mark)" : "\(baseURL)/m/\(id)/\(variant.fileName)"
    }

    /// Where the file is found: the public URL, which nginx serves by itself, or the permalink, which asks for rights; of a
    /// record that points outside, where it points.
    package func url(baseURL: String) -> String {
        if let externalURL { return externalURL }
        return isPublished ? "\(baseURL)/p/\(id)/\(PercentEncoding.pathSegment(publicName))" : "\(baseURL)/m/\(id)"
    }
}
