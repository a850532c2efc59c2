import ArgumentParser
import MediaService

struct NginxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nginx", abstract: "Write the part of nginx's configuration that follows from the settings.",
        discussion: "The site file includes it as media/instance/*.conf. Reload nginx afterwards.")

    @OptionGroup var settings: SettingsOptions

    @Argument(help: "The folder to write to.")
    var folder: String

    func run() throws {
        try NginxInstance(try settings.load()).write(to: folder)
    }
}
