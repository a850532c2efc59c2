import ArgumentParser
import MediaService

struct BridgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge", abstract: "Take the platform's messages from RabbitMQ and over NestJS's TCP.",
        discussion:
            "SIGTERM finishes the messages in hand and ends. Any number of them may run, on any host of the store.")

    @OptionGroup var settings: SettingsOptions

    @Option(
        help: ArgumentHelp("Take NestJS's TCP messages here, as MEDIA_TCP_LISTEN does.", valueName: "host:port"))
    var tcp: String?

    @Flag(help: "Only say whether the settings name anything to take messages from.")
    var check = false

    func run() throws {
        let bridge = try Bridge(try settings.load(), tcp: tcp)
        if !check { try bridge.run() }
    }
}
