package import MediaCore

/// The records in MariaDB.
package struct MediaRepository {
    private static let columns = """
        m.id, m.type, m.original_name, m.mime_type, m.size, m.user_id, m.entity_id, m.entity_type, m.metadata, \
        m.is_public, m.status, m.created_at, m.updated_at, m.title, m.sha256, m.public_name, m.revision, m.failure_reason, \
        m.deleted_at, m.deleted_status, m.version, m.version_at, m.external_url, m.processing, m.details, m.variants, \
        m.shown_sha256
        """
    private static let findSQL = "SELECT \(columns) FROM media m WHERE m.id = ?"
    static let fileColumns =
        "m.original_name, m.mime_type, m.sha256, m.user_id, m.is_public, m.status, m.external_url, m.shown_sha256"
    static let fileColumnCount = 8
    private static let findFileSQL = "SELECT \(fileColumns) FROM media m WHERE m.id = ?"
    private static let findLinkedFileSQL = """
        SELECT \(fileColumns), m.link_epoch = l.epoch, l.epoch, l.revoked_at, l.uses >= l.max_uses AND NOT l.last_request <=> ?,
            k.secret_fingerprint, k.revoked_at
        FROM media m JOIN signed_links l ON l.id = ? AND l.media_id = m.id JOIN link_keys k ON k.id = ? AND k.id = l.key_id
        WHERE m.id = ?
        """
    private static let factsSQL =
        "SELECT m.id, m.user_id, m.is_public, m.status, m.link_epoch FROM media m WHERE m.id IN"

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// The record, deleted or not.
    package func find(_ id: MediaID) throws(MariaDBError) -> Media? {
        try connection.query(Self.findSQL, [.text(id)], Self.media).first
    }

    /// What a download needs of the record, deleted or not.
    package func findFile(_ id: MediaID) throws(MariaDBError) -> MediaFile? {
        try connection.query(Self.findFileSQL, [.text(id)], Self.file).first
    }

    /// The same, and what is stored of the signed link; nil also where this link of this file isn't stored.
    ///
    /// - Parameter requestID: of the request that shows the link: what it has used up itself it has not used up.
    package func findLinkedFile(
        _ link: SignedLink, requestID: String
    ) throws(MariaDBError) -> (file: MediaFile, stored: StoredLink)? {
        try connection.query(
            Self.findLinkedFileSQL,
            [.text(requestID), .text(link.linkID.rawValue), .text(link.keyID), .text(link.mediaID)]
        ) { (row) throws(MariaDBError) -> (file: MediaFile, stored: StoredLink) in
            let isCurrent = try row.bool(8)
            let isRevoked = !isCurrent || !row.isNull(10) || !row.isNull(13)
            let isUsedUp = row.isNull(11) ? false : try row.bool(11)
            return (
                try Self.file(row),
                StoredLink(
                    epoch: try row.integer(9), fingerprint: try row.bytes(12), isRevoked: isRevoked, isUsedUp: isUsedUp)
            )
        }.first
    }

    /// The public records that have a content, as their file or as something that was made of it.
    package func published(with sha256: String) throws(MariaDBError) -> [MediaID] {
        let hash = Value.bytes(Hex.decode(sha256) ?? [])
        return try connection.query(
            """
            SELECT id FROM media WHERE sha256 = ? AND is_public AND status = 'READY'
            UNION SELECT m.id FROM variants v JOIN media m ON m.id = v.media_id
            WHERE v.sha256 = ? AND m.is_public AND m.status = 'READY'
            """, [hash, hash]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }

    /// All entities that the file belongs to.
    package func entities(of id: MediaID) throws(MariaDBError) -> Set<EntityReference> {
        Set(
            try connection.query("SELECT entity_type, entity_id FROM media_entities WHERE media_id = ?", [.text(id)]) {
                (row) throws(MariaDBError) in EntityReference(type: try row.text(0), id: try row.text(1))
            })
    }

    /// What decisions on records need, without their entities, and the records' link epochs.
    package func facts(
        of ids: Set<MediaID>
    ) throws(MariaDBError) -> [MediaID: (facts: AccessPolicy.Facts, linkEpoch: Int64)] {
        var found: [MediaID: (facts: AccessPolicy.Facts, linkEpoch: Int64)] = [:]
        for part in Array(ids).statementParts(of: 128) {
            let marks = Array(repeating: "?", count: part.count).joined(separator: ", ")
            let rows = try connection.query("\(Self.factsSQL) (\(marks))", part.map { .text($0) }) {
                (row) throws(MariaDBError) in
                (
                    try row.value(0) { MediaID($0) },
                    AccessPolicy.Facts(
                        ownerID: try row.text(1), isPublic: try row.bool(2),
                        status: try row.value(3, MediaStatus.init(rawValue:))), try row.integer(4)
                )
            }
            for (id, facts, epoch) in rows { found[id] = (facts, epoch) }
        }
        return found
    }

    /// Of a row that begins with `fileColumns`.
    static func file(_ row: Row) throws(MariaDBError) -> MediaFile {
        MediaFile(
            originalName: try row.text(0), mimeType: try row.text(1),
            location: row.isNull(2)
                ? .outside(url: try row.text(6)) : .stored(sha256: Hex.encode(try row.bytes(2))),
            shownSHA256: row.isNull(7) ? nil : Hex.encode(try row.bytes(7)),
            facts: AccessPolicy.Facts(
                ownerID: try row.text(3), isPublic: try row.bool(4),
                status: try row.value(5, MediaStatus.init(rawValue:))))
    }

    /// The record, locked until the transaction ends.
    package func findForUpdate(_ id: MediaID) throws(MariaDBError) -> Media? {
        try connection.query(Self.findSQL + " FOR UPDATE", [.text(id)], Self.media).first
    }

    /// Where a page starts.
    package enum Position: Equatable, Sendable {
        /// By number, from 1.
        case page(Int)
        case cursor(MediaCursor)
    }

    /// One page of a list. The records of the whole list are counted for pages by number only; a cursor knows.
    ///
    /// - Parameters:
    ///   - readyOnly: leaves out what is in the making or failed.
    ///   - totals: knows the totals of lists that take long to count.
    package func list(
        _ filter: MediaFilter, sort: MediaSort = .newestFirst, readyOnly: Bool = false, at position: Position,
        limit: Int, totals: KnownTotals<Int64> = KnownTotals(seconds: 0)
    ) throws(MariaDBError) -> MediaPage {
        let query = MediaListQuery(filter, sort: sort, readyOnly: readyOnly)
        let end: String
        var values = query.parameters
        var page = 1
        let total: Int64
        switch position {
        case .cursor(let cursor):
            total = cursor.total
            let start = query.behind(cursor)
            end = start.sql + query.order + " LIMIT ?"
            values += start.parameters + [.integer(Int64(limit + 1))]
        case .page(let number):
            page = number
            let counted = query.countedSource
            total = try totals.total(of: .init(source: counted, parameters: query.parameters)) {
                () throws(MariaDBError) in
                try connection.query("SELECT COUNT(*) FROM \(counted)", query.parameters) {
                    (row) throws(MariaDBError) in try row.integer(0)
                }.first ?? 0
            }
            end = query.order + " LIMIT ? OFFSET ?"
            values += [.integer(Int64(limit + 1)), .integer(Int64(number - 1) * Int64(limit))]
        }
        let source = try query.source(total: total, estimate: estimate)
        let found = try connection.query("SELECT \(Self.columns) FROM \(source)\(end)", values, Self.media)
        let media = Array(found.prefix(limit))
        return MediaPage(
            media: media, total: total, page: page, limit: limit,
            nextCursor: found.count > limit ? media.last.map { MediaCursor(after: $0, sort: sort, total: total) } : nil)
    }

    /// About how many records there are, as the optimizer guesses it from the index.
    private func estimate(_ range: MediaListQuery.IDRange) throws(MariaDBError) -> Int64 {
        try connection.query(
            "EXPLAIN SELECT 1 FROM media FORCE INDEX (PRIMARY) WHERE id >= ? AND id < ?",
            [.text(range.from ?? ""), .text(range.end ?? "d")]
        ) { (row) throws(MariaDBError) in row.optionalText(8).flatMap { Int64($0) } ?? 0 }.first ?? 0
    }

    /// READY records for whom no job waits, in the order of their ids.
    ///
    /// - Parameter hasUnprocessed: also those of which nothing is made.
    package func processed(
        after id: String, type: MediaType?, userID: String?, hasUnprocessed: Bool, limit: Int
    ) throws(MariaDBError) -> [Media] {
        var conditions = ["m.id > ?", "m.status = 'READY'", "m.sha256 IS NOT NULL"]
        if !hasUnprocessed { conditions.append("m.processing IS NOT NULL") }
        conditions.append(
            "NOT EXISTS (SELECT 1 FROM jobs j WHERE j.subject = m.id AND j.state IN ('WAITING', 'RUNNING'))")
        var values = [Value.text(id)]
        if let type {
            conditions.append("m.type = ?")
            values.append(.text(type.rawValue))
        }
        if let userID {
            conditions.append("m.user_id = ?")
            values.append(.text(userID))
        }
        return try connection.query(
            "SELECT \(Self.columns) FROM media m WHERE \(conditions.joined(separator: " AND ")) ORDER BY m.id LIMIT ?",
            values + [.integer(Int64(limit))], Self.media)
    }

    /// - Parameters:
    ///   - userID: nil: of all records.
    ///   - totals: knows those that take long to add up.
    package func statistics(
        of userID: String?, totals: KnownTotals<MediaStatistics> = KnownTotals(seconds: 0)
    ) throws(MariaDBError) -> MediaStatistics {
        let source = "media FORCE INDEX (\(MediaListQuery.countIndex)) WHERE \(userID == nil ? "TRUE" : "user_id = ?")"
        let parameters = userID.map { [Value.text($0)] } ?? []
        return try totals.total(of: .init(source: source, parameters: parameters)) { () throws(MariaDBError) in
            MediaStatistics(
                try connection.query(
                    """
                    SELECT type, status, COUNT(*), CAST(LEAST(SUM(size), 9223372036854775807) AS INT) FROM \(source)
                    GROUP BY type, status
                    """, parameters
                ) { (row) throws(MariaDBError) in
                    MediaStatistics.Group(
                        type: try row.value(0, MediaType.init(rawValue:)),
                        status: try row.value(1, MediaStatus.init(rawValue:)), count: try row.integer(2),
                        size: try row.integer(3))
                })
        }
    }

    /// Records that were deleted before `moment`, oldest first.
    package func deleted(before moment: Timestamp, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            "SELECT id FROM media WHERE deleted_at < ? ORDER BY deleted_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }

    /// Removes a record for good, with its links and its entities; the blob's reference is the caller's to give up.
    package func remove(_ id: MediaID) throws(MariaDBError) {
        try connection.execute("DELETE FROM media WHERE id = ?", [.text(id)])
    }

    /// Adds a record and the link to its entity. Its blob has to be there.
    package func insert(_ media: Media) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO media (id, type, original_name, mime_type, size, user_id, entity_id, entity_type, metadata,
                is_public, status, created_at, updated_at, title, sha256, public_name, external_url,
                failure_reason, processing)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(media.id), .text(media.type.rawValue), .text(media.originalName), .text(media.mimeType),
                .integer(media.size), .text(media.userID), .optional(media.entityID), .optional(media.entityType),
                .optional(media.metadata?.text), .bool(media.isPublic), .text(media.status.rawValue),
                .timestamp(media.createdAt), .timestamp(media.updatedAt), .optional(media.title),
                Self.hash(media.sha256), .text(media.publicName), .optional(media.externalURL),
                .optional(media.failureReason), .optional(media.processing),
            ])
        try linkEntity(of: media, at: media.createdAt)
        try putName(of: media)
    }

    /// What the record is found by beside what its file says.
    private func putName(of media: Media) throws(MariaDBError) {
        let words = SearchWords.normal("\(media.originalName) \(media.title ?? "")", maxBytes: .max)
        try connection.execute(
            "INSERT INTO media_words (media_id, name) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name)",
            [.text(media.id), .text(words)])
    }

    /// What the record is found by of what its file says; nil: nothing.
    ///
    /// - Parameter words: as `SearchWords.normal` has them.
    package func putBody(_ words: String?, of media: Media) throws(MariaDBError) {
        if words != nil { try putName(of: media) }
        try connection.execute(
            "UPDATE media_words SET body = ? WHERE media_id = ?", [.optional(words), .text(media.id)])
    }

    /// Writes what may change of a record: entity, metadata, visibility, status, title and where it points.
    ///
    /// - Parameter old: the record as it was, locked.
    package func update(_ media: Media, from old: Media) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE media SET entity_id = ?, entity_type = ?, metadata = ?, is_public = ?, status = ?, title = ?,
                external_url = ?, updated_at = ?, revision = ?, failure_reason = ?, deleted_at = ?, deleted_status = ? WHERE id = ?
            """,
            [
                .optional(media.entityID), .optional(media.entityType), .optional(media.metadata?.text),
                .bool(media.isPublic), .text(media.status.rawValue), .optional(media.title),
                .optional(media.externalURL), .timestamp(media.updatedAt), .integer(media.revision),
                .optional(media.failureReason),
                media.deletion.map { .timestamp($0.at) } ?? .null, .optional(media.deletion?.status.rawValue),
                .text(media.id),
            ])
        if media.title != old.title { try putName(of: media) }
        guard media.entity != old.entity else { return }
        if let type = old.entityType, let id = old.entityID {
            try connection.execute(
                "DELETE FROM media_entities WHERE entity_type = ? AND entity_id = ? AND media_id = ?",
                [.text(type), .text(id), .text(media.id)])
        }
        try linkEntity(of: media, at: media.updatedAt)
    }

    /// Writes what `Media.replaceFile` has changed.
    package func updateFile(_ media: Media) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE media SET original_name = ?, mime_type = ?, size = ?, sha256 = ?, public_name = ?, version = ?,
                version_at = ?, updated_at = ?, revision = ?, status = ?, details = NULL, variants = NULL, shown_sha256 = NULL
            WHERE id = ?
            """,
            [
                .text(media.originalName), .text(media.mimeType), .integer(media.size),
                Self.hash(media.sha256), .text(media.publicName), .integer(media.version),
                media.versionAt.map { .timestamp($0) } ?? .null, .timestamp(media.updatedAt),
                .integer(media.revision), .text(media.status.rawValue), .text(media.id),
            ])
        try putName(of: media)
        try putBody(nil, of: media)
    }

    /// Writes what was made of the file.
    package func updateProcessed(_ media: Media) throws(MariaDBError) {
        let variants = media.variants.isEmpty ? nil : JSON.array(media.variants.map(\.stored)).text
        try connection.execute(
            """
            UPDATE media SET processing = ?, details = ?, variants = ?, shown_sha256 = ?, status = ?, failure_reason = ?,
                updated_at = ?, revision = ? WHERE id = ?
            """,
            [
                .optional(media.processing), .optional(media.details?.text), .optional(variants),
                Self.hash(media.shownSHA256), .text(media.status.rawValue), .optional(media.failureReason),
                .timestamp(media.updatedAt), .integer(media.revision), .text(media.id),
            ])
    }

    private static func hash(_ sha256: String?) -> Value { sha256.flatMap(Hex.decode).map(Value.bytes) ?? .null }

    private func linkEntity(of media: Media, at moment: Timestamp) throws(MariaDBError) {
        guard let type = media.entityType, let id = media.entityID else { return }
        try connection.execute(
            "INSERT IGNORE INTO media_entities (entity_type, entity_id, media_id, created_at) VALUES (?, ?, ?, ?)",
            [.text(type), .text(id), .text(media.id), .timestamp(moment)])
    }

    private static func media(_ row: Row) throws(MariaDBError) -> Media {
        var media = Media(
            id: try row.value(0) { MediaID($0) },
            type: try row.value(1, MediaType.init(rawValue:)),
            originalName: try row.text(2),
            mimeType: try row.text(3),
            size: try row.integer(4),
            userID: try row.text(5),
            entityID: row.optionalText(6),
            entityType: row.optionalText(7),
            metadata: row.isNull(8) ? nil : try row.value(8) { try? JSONParser.parse(Array($0.utf8)) },
            isPublic: try row.bool(9),
            status: try row.value(10, MediaStatus.init(rawValue:)),
            createdAt: try row.timestamp(11),
            updatedAt: try row.timestamp(12),
            title: row.optionalText(13),
            sha256: row.isNull(14) ? nil : Hex.encode(try row.bytes(14)),
            publicName: try row.text(15),
            externalURL: row.optionalText(22),
            revision: try row.integer(16),
            version: try row.integer(20),
            versionAt: row.isNull(21) ? nil : try row.timestamp(21),
            failureReason: row.optionalText(17),
            deletion: row.isNull(18)
                ? nil
                : Media.Deletion(
                    at: try row.timestamp(18),
                    // Records deleted before this was noted were READY.
                    status: row.isNull(19) ? .ready : try row.value(19, MediaStatus.init(rawValue:))))
        media.processing = row.optionalText(23)
        func json(_ column: Int) throws(MariaDBError) -> JSON? {
            row.isNull(column) ? nil : try row.value(column) { try? JSONParser.parse(Array($0.utf8)) }
        }
        media.details = try json(24)
        media.variants = try json(25)?.array?.compactMap(MediaVariant.init(stored:)) ?? []
        media.shownSHA256 = row.isNull(26) ? nil : Hex.encode(try row.bytes(26))
        return media
    }
}
