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
            .init("metadata", metadata ?? .null),
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
