import ArgumentParser
import MediaService

struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to the schema of this build.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Only say which migrations are applied; exit code 1 if any is not.")
    var status = false

    func run() throws {
        let migrations = Migrations(try settings.load())
        guard status else {
            let count = try migrations.apply { print("applying \($0)") }
            print(count == 0 ? "the schema is up to date" : "\(count) applied")
            return
        }
        let lines = try migrations.status()
        for line in lines { print(line.text) }
        if !lines.allSatisfy(\.isApplied) { throw ExitCode.failure }
    }
}
