internal import CMigrations

/// One numbered step of the schema.
///
/// A migration is never edited once it has been applied anywhere, does one thing (MariaDB commits each DDL statement by
/// itself) and can be run again, since a crash may come between the statement and the note that it was applied.
package struct Migration: Sendable {
    package let version: Int
    package let name: String
    package let sql: String

    /// The migrations of this build, in order.
    package static var embedded: [Migration] {
        var migrations: [Migration] = []
        while let entry = unsafe media_migration_at(Int32(migrations.count))?.pointee {
            migrations.append(
                unsafe Migration(
                    version: Int(entry.version), name: String(cString: entry.name), sql: String(cString: entry.sql)))
        }
        return migrations
    }
}
