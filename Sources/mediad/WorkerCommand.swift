import ArgumentParser
import MediaService

/// What a supervisor starts; of no use by itself.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        throw ExitCode(try Worker.run(try settings.load()))
    }
}
