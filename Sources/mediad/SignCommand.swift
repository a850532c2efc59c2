import ArgumentParser
import MediaCore
import MediaService

struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Make a signed link to a file and print it.")

    @OptionGroup var settings: SettingsOptions

    @Argument(help: "The record's id.")
    var id: String

    @Option(help: "How long it holds: seconds, also with s, m, h or d.")
    var expires = "1h"

    @Option(help: "What it opens in place of the file, such as small or 640x480:cover.")
    var variant: String?

    @Option(help: "What the downloaded file is called.")
    var name: String?

    @Option(help: "From where it may be used, such as 192.0.2.0/24.")
    var network: String?

    @Option(help: "How often it may be used.")
    var uses: Int64?

    func run() throws {
        let configuration = try settings.load()
        let form = SettingForm.seconds(1...Int64(configuration.number(.linkLifetime)))
        guard let lifetime = form.number(expires) else { throw ValidationError("--expires is not \(form.description)") }
        if let fault = variant.flatMap(SignedLink.fault(inVariant:)) { throw ValidationError("--variant \(fault)") }
        if let fault = name.flatMap(FileName.fault) { throw ValidationError("--name \(fault)") }
        if let network, Network(network) == nil { throw ValidationError("--network: '\(network)' is no network") }
        if let uses, uses < 1 { throw ValidationError("--uses must be at least 1") }
        let order = SignLinks.Order(
            mediaID: id, lifetime: Int(lifetime), variant: variant, downloadName: name, network: network, maxUses: uses)
        print(try CommandLineContext.make(configuration).signLink(order))
    }
}
