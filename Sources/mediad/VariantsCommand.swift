import ArgumentParser
import Glibc
import MediaCore
import MediaService

struct VariantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "variants", abstract: "What is made of files.", subcommands: [Rebuild.self])

    struct Rebuild: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rebuild", abstract: "Have everything made of files once more, as the settings are now.",
            discussion: """
                A job for each record, behind those of new files; 'mediad work' does them. What can be had goes on to be had meanwhile. Begun
                again, it passes over records whose jobs wait still.
                """)

        @OptionGroup var settings: SettingsOptions

        @Option(help: "Of records of this type only: image, video, audio or document.")
        var type: String?

        @Option(help: "Of this user's records only.")
        var user: String?

        @Flag(help: "Also of files of which nothing is made, since they are older or were uploaded so.")
        var unprocessed = false

        @Flag(name: .customLong("dry-run"), help: "Only count.")
        var dryRun = false

        func run() throws {
            var kind: MediaType?
            if let type {
                kind = MediaType(rawValue: type.uppercased())
                if kind == nil { throw ValidationError("--type is image, video, audio or document") }
            }
            let context = try CommandLineContext.make(try settings.load())
            let count = try RebuildVariants(context: context).run(
                kind, userID: user, hasUnprocessed: unprocessed, isTrial: dryRun)
            print(dryRun ? "\(count) records" : "\(count) jobs; 'mediad jobs list' shows them")
        }
    }
}
