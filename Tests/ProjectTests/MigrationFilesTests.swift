import MediaDatabase
import Testing

@Suite struct MigrationFilesTests {
    @Test("every file of sql/migrations is embedded, in the order of its number")
    func embedded() throws {
        let files = try Repository.files(in: "sql/migrations", ending: "sql")
        let names = Migration.embedded.map { migration in
            let number = String(migration.version)
            return "sql/migrations/\(String(repeating: "0", count: 4 - number.count))\(number)_\(migration.name).sql"
        }
        #expect(names == files)
        for (migration, file) in zip(Migration.embedded, files) {
            #expect(migration.sql == (try Repository.text(file)))
        }
        #expect(Migration.embedded.map(\.version) == Array(1...files.count))
    }
}
