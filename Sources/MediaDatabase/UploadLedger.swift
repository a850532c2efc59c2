package import MediaCore

/// What is on its way into a store and can't be placed there within the transaction that refers to it.
///
/// An entry is written before its content is placed and removed in that transaction. So whatever a crash leaves in a store is named by an
/// entry that is left here.
package struct UploadLedger {
    /// One content that is to become one record.
    package struct Entry: Equatable, Sendable {
        package var mediaID: MediaID
        /// 64 hexadecimal digits.
        package var sha256: String
        /// Where it is placed.
        package var place: BlobPlace

        package init(mediaID: MediaID, sha256: String, place: BlobPlace = .local) {
            self.mediaID = mediaID
            self.sha256 = sha256
            self.place = place
        }
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// What is placed here may be there already, and about to be removed: the two take turns. Elsewhere keys are never used again.
    package func add(_ entry: Entry, now: Timestamp) throws(MariaDBError) {
        if entry.place.isLocal { try Turns(connection).take(.content(entry.sha256)) }
        try connection.execute(
            "INSERT INTO uploads (media_id, sha256, store, token, created_at) VALUES (?, ?, ?, ?, ?)",
            [
                .text(entry.mediaID), .bytes(Hex.decode(entry.sha256) ?? []), .text(entry.place.store),
                .text(entry.place.token), .timestamp(now),
            ])
    }

    /// - Returns: whether the entry was there.
    @discardableResult
    package func remove(_ id: MediaID) throws(MariaDBError) -> Bool {
        try connection.execute("DELETE FROM uploads WHERE media_id = ?", [.text(id)]) > 0
    }

    /// Up to `limit` entries that were added before `moment`, oldest first.
    package func entries(before moment: Timestamp, limit: Int) throws(MariaDBError) -> [Entry] {
        try connection.query(
            "SELECT media_id, sha256, store, token FROM uploads WHERE created_at < ? ORDER BY created_at LIMIT ?",
            [.timestamp(moment), .integer(Int64(limit))]
        ) { (row) throws(MariaDBError) in
            Entry(
                mediaID: try row.value(0) { MediaID($0) }, sha256: Hex.encode(try row.bytes(1)),
                place: BlobPlace(store: try row.text(2), token: try row.text(3)))
        }
    }

    /// Where entries place the content; nobody can add one until the transaction ends. On another node of a cluster they can, so
    /// whoever decides by this on a place here takes the content's turn before.
    package func placesLocked(_ sha256: String) throws(MariaDBError) -> [BlobPlace] {
        try connection.query(
            "SELECT store, token FROM uploads WHERE sha256 = ? FOR UPDATE", [.bytes(Hex.decode(sha256) ?? [])]
        ) { (row) throws(MariaDBError) in BlobPlace(store: try row.text(0), token: try row.text(1)) }
    }
}
