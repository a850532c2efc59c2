package import MediaCore

/// Which entities (courses, lessons, …) files belong to, and which of these are gone.
package struct ReferenceRepository {
    package struct Entry: Equatable, Sendable {
        package var entity: EntityReference
        /// Since when the file belongs to it.
        package var createdAt: Timestamp
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// A file's entities, in the order in which it came to belong to them.
    ///
    /// - Parameter isLocked: whether they are as they are now and stay so until the transaction ends, and not as they were when
    ///   it began to read.
    package func entries(of id: MediaID, isLocked: Bool = false) throws(MariaDBError) -> [Entry] {
        try connection.query(
            """
            SELECT entity_type, entity_id, created_at FROM media_entities WHERE media_id = ?
            ORDER BY created_at, entity_type, entity_id\(isLocked ? " LOCK IN SHARE MODE" : "")
            """, [.text(id)]
        ) { (row) throws(MariaDBError) in
            Entry(entity: EntityReference(type: try row.text(0), id: try row.text(1)), createdAt: try row.timestamp(2))
        }
    }

    /// - Returns: whether the file didn't belong to the entity before.
    package func add(_ entity: EntityReference, to id: MediaID, now: Timestamp) throws(MariaDBError) -> Bool {
        try connection.execute(
            "INSERT IGNORE INTO media_entities (entity_type, entity_id, media_id, created_at) VALUES (?, ?, ?, ?)",
            [.text(entity.type), .text(entity.id), .text(id), .timestamp(now)]) == 1
    }

    /// - Returns: whether the file belonged to the entity.
    @discardableResult
    package func remove(_ entity: EntityReference, from id: MediaID) throws(MariaDBError) -> Bool {
        try connection.execute(
            "DELETE FROM media_entities WHERE entity_type = ? AND entity_id = ? AND media_id = ?",
            [.text(entity.type), .text(entity.id), .text(id)]) == 1
    }

    /// Makes all files of one entity belong to another one, too.
    ///
    /// - Returns: how many did not before.
    package func copy(
        from source: EntityReference, to target: EntityReference, now: Timestamp
    ) throws(MariaDBError) -> Int {
        let before = try count(target)
        try connection.execute(
            """
            INSERT IGNORE INTO media_entities (entity_type, entity_id, media_id, created_at)
            SELECT ?, ?, e.media_id, ? FROM media_entities e JOIN media m ON m.id = e.media_id AND m.status <> 'DELETED'
            WHERE e.entity_type = ? AND e.entity_id = ?
            """,
            [.text(target.type), .text(target.id), .timestamp(now), .text(source.type), .text(source.id)])
        return try count(target) - before
    }

    private func count(_ entity: EntityReference) throws(MariaDBError) -> Int {
        let count = try connection.query(
            "SELECT COUNT(*) FROM media_entities WHERE entity_type = ? AND entity_id = ?",
            [.text(entity.type), .text(entity.id)]
        ) { (row) throws(MariaDBError) in try row.integer(0) }.first
        return Int(count ?? 0)
    }

    /// Up to `limit` files of an entity.
    package func files(of entity: EntityReference, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            "SELECT media_id FROM media_entities WHERE entity_type = ? AND entity_id = ? ORDER BY media_id LIMIT ?",
            [.text(entity.type), .text(entity.id), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }

    /// Up to `limit` of a user's files that are not deleted and belong to nothing.
    package func unreferencedFiles(ofUser userID: String, limit: Int) throws(MariaDBError) -> [MediaID] {
        try connection.query(
            """
            SELECT m.id FROM media m LEFT JOIN media_entities e ON e.media_id = m.id
            WHERE m.user_id = ? AND m.status <> 'DELETED' AND e.media_id IS NULL ORDER BY m.id LIMIT ?
            """, [.text(userID), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in try row.value(0) { MediaID($0) } }
    }

    // MARK: Entities that are gone

    package func noteDeparture(_ entity: EntityReference, now: Timestamp) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO departures (entity_type, entity_id, noted_at) VALUES (?, ?, ?)
            ON DUPLICATE KEY UPDATE noted_at = noted_at
            """, [.text(entity.type), .text(entity.id), .timestamp(now)])
    }

    package func departures(limit: Int) throws(MariaDBError) -> [EntityReference] {
        try connection.query(
            "SELECT entity_type, entity_id FROM departures ORDER BY noted_at LIMIT ?", [.integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in EntityReference(type: try row.text(0), id: try row.text(1)) }
    }

    package func removeDeparture(_ entity: EntityReference) throws(MariaDBError) {
        try connection.execute(
            "DELETE FROM departures WHERE entity_type = ? AND entity_id = ?", [.text(entity.type), .text(entity.id)])
    }
}
