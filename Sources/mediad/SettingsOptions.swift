import ArgumentParser
import MediaService

/// Where a command takes the settings from.
struct SettingsOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "File of NAME=value lines; the environment wins over it.")
    var file: String?

    func load() throws -> Configuration {
        try Configuration.load(file: file)
    }
}
