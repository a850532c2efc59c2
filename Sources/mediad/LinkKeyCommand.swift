import ArgumentParser
import MediaCore
import MediaDatabase
import MediaService

struct LinkKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link-key", abstract: "The keys that signed links are signed with.",
        subcommands: [List.self, Rotate.self, Revoke.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all keys.")

        @OptionGroup var settings: SettingsOptions

        func run() throws {
            for key in try settings.linkKeys().list() {
                let state =
                    key.revokedAt.map { "revoked \($0.iso8601)" } ?? key.retiredAt.map { "retired \($0.iso8601)" }
                    ?? "signs"
                print("\(key.id)  made \(key.createdAt.iso8601)  \(state)")
            }
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new key, which signs from now on; links of the old ones hold until they end.")

        @OptionGroup var settings: SettingsOptions

        func run() throws {
            print(try settings.linkKeys().rotate().id)
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End all links of a key at once.")

        @OptionGroup var settings: SettingsOptions

        @Argument(help: "The key's id.")
        var id: String

        func run() throws {
            guard try settings.linkKeys().revoke(id) else {
                throw ValidationError("there is no key '\(id)'; 'mediad link-key list' shows them")
            }
            print("revoked \(id)")
        }
    }
}

extension SettingsOptions {
    func linkKeys() throws -> ManageLinkKeys {
        ManageLinkKeys(context: try CommandLineContext.make(try load()))
    }
}
