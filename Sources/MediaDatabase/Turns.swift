package import MediaCore

/// Lets transactions decide one after the other on something of which they may write no common row.
///
/// Under one server a lock (`FOR UPDATE`) would do. The nodes of a Galera cluster know nothing of each other's locks: there two
/// transactions exclude each other only by rows that both have written, and the later one is rolled back when it commits, as after a
/// deadlock. So whatever it has done outside of the database by then must be mended by whoever tries again.
package struct Turns {
    package enum Subject {
        /// Of whether a content is needed here: 64 hexadecimal digits.
        case content(String)
        /// Of whether a record has its public links.
        case publication(MediaID)
        /// Of what a user has on its way.
        case user(String)

        /// Subjects share 65,536 slots of each kind. Contents' are in the order of their hashes.
        var slot: Int64 {
            switch self {
            case .content(let sha256): Hex.decode(sha256.prefix(4))?.reduce(0) { $0 << 8 | Int64($1) } ?? 0
            case .publication(let id): 1 << 16 | Self.spread(id.rawValue)
            case .user(let id): 2 << 16 | Self.spread(id)
            }
        }

        /// FNV-1a, its 32 bits folded to 16.
        private static func spread(_ text: String) -> Int64 {
            let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return Int64(hash >> 16 ^ hash & 0xFFFF)
        }
    }

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// Waits until no other transaction on this server has the turn, and has it until the own one ends.
    package func take(_ subject: Subject) throws(MariaDBError) {
        try connection.execute(
            "INSERT INTO turns (slot, turn) VALUES (?, 1) ON DUPLICATE KEY UPDATE turn = turn + 1",
            [.integer(subject.slot)])
    }
}
