import Foundation
@testable import MediaDatabase
import MediaTesting
import Synchronization
import Testing

struct MigratorTests {
    private let options: DatabaseOptions
    private let connection: Connection

    private static let two = [
        Migration(version: 1, name: "first", sql: "CREATE TABLE IF NOT EXISTS first (n INT)"),
        Migration(version: 2, name: "second", sql: "CREATE TABLE IF NOT EXISTS second (n INT)"),
    ]

    init() throws {
        options = try PrivateMariaDB.shared().makeDatabase()
        connection = Connection(options)
    }

    private func migrator(_ migrations: [Migration] = two, holder: String = "test") -> Migrator {
        Migrator(connection, migrations: migrations, holder: holder)
    }

    private func migrate(_ migrations: [Migration] = two) throws -> [String] {
        var names: [String] = []
        try migrator(migrations).migrate { names.append($0.name) }
        return names
    }

    private func states(_ migrations: [Migration] = two) throws -> [String] {
        try migrator(migrations).status().map { _, state in
            if case .applied = state { return "applied" }
            return "\(state)"
        }
    }

    @Test("an empty database gets everything in order, and a second run does nothing")
    func fresh() throws {
        #expect(try states() == ["pending", "pending"])
        #expect(try connection.texts("SHOW TABLES") == [])
        #expect(try migrate() == ["first", "second"])
        #expect(try states() == ["applied", "applied"])
        #expect(try migrate() == [])
        #expect(try connection.texts("SHOW TABLES") == ["first", "schema_lease", "schema_migrations", "second"])
    }

    @Test("this build's migrations are numbered without a gap, and make its tables")
    func embedded() throws {
        let migrations = Migration.embedded
        #expect(migrations.map(\.version) == Array(1...migrations.count))
        #expect(try migrate(migrations) == migrations.map(\.name))
        #expect(try migrate(migrations) == [])
        let tables = Set(try connection.texts("SHOW TABLES"))
        #expect(tables.isSuperset(of: ["api_keys", "blobs", "media", "media_entities", "publications", "uploads"]))
    }

    @Test("each of this build's migrations can be run again after a crash behind it")
    func rerunnable() throws {
        for migration in Migration.embedded {
            try connection.run(migration.sql)
            try connection.run(migration.sql)
        }
    }

    @Test("what a newer build adds is applied alone")
    func addition() throws {
        #expect(try migrate([Self.two[0]]) == ["first"])
        #expect(try states() == ["applied", "pending"])
        #expect(try migrate() == ["second"])
    }

    @Test("a migration that was started and not noted as done runs again")
    func interrupted() throws {
        _ = try migrate([Self.two[0]])
        try connection.write("UPDATE schema_migrations SET finished_at = NULL")
        #expect(try states() == ["interrupted", "pending"])
        #expect(try migrate() == ["first", "second"])
        #expect(try states() == ["applied", "applied"])
    }

    @Test("a migration that fails is shown as interrupted and stops the ones behind it")
    func failing() throws {
        let wrong = [Self.two[0], Migration(version: 2, name: "wrong", sql: "CREATE TABLE"), Self.two[1]]
        #expect(throws: MariaDBError.self) { try migrate(Array(wrong.prefix(2))) }
        #expect(try states(Array(wrong.prefix(2))) == ["applied", "interrupted"])
        // Its text was never carried out, but it may have been: a corrected one has to be looked at.
        #expect(try migrate([Self.two[0]]) == [])
    }

    @Test("a migration that was applied with another text is refused, and nothing is applied behind it")
    func changed() throws {
        _ = try migrate([Self.two[0]])
        let edited = [Migration(version: 1, name: "first", sql: Self.two[0].sql + " "), Self.two[1]]
        #expect(try states(edited) == ["changed", "pending"])
        let failure = #expect(throws: Migrator.Failure.self) { try migrate(edited) }
        #expect(failure?.description.hasPrefix("migration 1 (first) was applied with another text") == true)
        #expect(try states() == ["applied", "pending"])
    }

    @Test("several hosts at once apply each migration once")
    func concurrent() throws {
        let applied = Mutex<[String]>([])
        let failures = Mutex<[String]>([])
        let slow = [
            Self.two[0], Migration(version: 2, name: "slow", sql: "CREATE TABLE slow (n INT) SELECT SLEEP(1) n"),
        ]
        ThreadGroup.run(4) { [options] index in
            do {
                try Migrator(Connection(options), migrations: slow, holder: "host \(index)").migrate { migration in
                    applied.withLock { $0.append(migration.name) }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(applied.withLock { $0 } == ["first", "slow"])
    }

    @Test("another host's lease is respected, and taken over once it has run out")
    func lease() throws {
        _ = try migrate([Self.two[0]])
        try connection.write("UPDATE schema_lease SET holder = 'other', expires_at = NOW(3) + INTERVAL 1 MINUTE")
        let failure = #expect(throws: Migrator.Failure.self) { try migrator().migrate(wait: 1) { _ in } }
        #expect(failure?.description.contains("another host is migrating") == true)
        try connection.write("UPDATE schema_lease SET expires_at = NOW(3) - INTERVAL 1 SECOND")
        #expect(try migrate() == ["second"])
    }
}
