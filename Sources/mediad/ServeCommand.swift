import ArgumentParser
import MediaService

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve requests: a supervisor with its worker processes.",
        discussion: "SIGHUP reads the settings again and replaces the workers; SIGTERM finishes requests and ends.")

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        var supervisor = try Supervisor(workerArguments: ["worker"]) { try settings.load() }
        supervisor.run()
    }
}
