/// A file that a record has, or had before it got another one.
package struct MediaVersion: Equatable, Sendable {
    /// Counts the record's files, from 1.
    package var number: Int64
    package var originalName: String
    package var mimeType: String
    /// Bytes.
    package var size: Int64
    /// 64 hexadecimal digits.
    package var sha256: String
    /// Since when the record had it.
    package var createdAt: Timestamp

    package init(
        number: Int64, originalName: String, mimeType: String, size: Int64, sha256: String, createdAt: Timestamp
    ) {
        self.number = number
        self.originalName = originalName
        self.mimeType = mimeType
        self.size = size
        self.sha256 = sha256
        self.createdAt = createdAt
    }

    package func json(isCurrent: Bool) -> JSON {
        .object([
            .init("version", .integer(number)),
            .init("current", .bool(isCurrent)),
            .init("originalName", .string(originalName)),
            .init("mimeType", .string(mimeType)),
            .init("size", .integer(size)),
            .init("sha256", .string(sha256)),
            .init("createdAt", .string(createdAt.iso8601)),
        ])
    }
}

extension Media {
    /// The file that the record has; nil where it points outside.
    package var currentVersion: MediaVersion? {
        guard let sha256 else { return nil }
        return MediaVersion(
            number: version, originalName: originalName, mimeType: mimeType, size: size, sha256: sha256,
            createdAt: versionAt ?? createdAt)
    }

    /// Gives the record another file, as its next version.
    ///
    /// - Parameters:
    ///   - file: its number and its moment don't count.
    ///   - publicName: as of the first version; later ones have their content's hash in it, since a public URL may be kept by
    ///     caches for long and never gets another content.
    package mutating func replaceFile(with file: MediaVersion, publicName: String, at now: Timestamp) {
        version += 1
        versionAt = now
        originalName = file.originalName
        mimeType = file.mimeType
        size = file.size
        sha256 = file.sha256
        self.publicName = FileName.marked(publicName, file.sha256)
        // They were of the other one.
        details = nil
        variants = []
        shownSHA256 = nil
    }
}
