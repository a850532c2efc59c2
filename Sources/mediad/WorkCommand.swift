import ArgumentParser
import MediaService

struct WorkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Housekeeping: settle what crashes left behind, again and again.")

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "One round, then end.")
    var once = false

    func run() throws {
        let housekeeper = try Housekeeper(try settings.load())
        guard once else { return housekeeper.run() }
        print("settled: \(try housekeeper.once())")
    }
}
