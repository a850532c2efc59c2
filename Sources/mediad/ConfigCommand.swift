import ArgumentParser
import MediaService

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the effective settings, secrets hidden.",
        discussion: "Settings, from the environment or the file:\n\n\(Configuration.help)")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print the table of all settings as Markdown instead.")
    var table = false

    func run() throws {
        print(table ? Configuration.table : try settings.load().report)
    }
}
