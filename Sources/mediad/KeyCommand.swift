import ArgumentParser
import MediaCore
import MediaDatabase
import MediaService

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "API keys of the platform's services.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key and print it; it can't be shown again.")

        @OptionGroup var settings: SettingsOptions

        @Argument(help: "What the key is for, such as the service's name.")
        var name: String

        @Option(help: "What it may do: \(Scope.allCases.map(\.rawValue).joined(separator: ", ")).")
        var scopes: [String] = Scope.allCases.map(\.rawValue)

        @Option(help: "When it ends by itself: seconds from now, also with s, m, h or d; never unless given.")
        var expires: String?

        func run() throws {
            let form = SettingForm.seconds(1...3_153_600_000)
            let lifetime = try expires.map { text in
                guard let seconds = form.number(text) else {
                    throw ValidationError("--expires is not \(form.description)")
                }
                return Int(seconds)
            }
            if let fault = TextRules.fault(in: name, maxLength: 100) { throw ValidationError("the name \(fault)") }
            let known = try scopes.flatMap { $0.split(separator: ",") }.map { text in
                guard let scope = Scope(rawValue: String(text)) else {
                    throw ValidationError("there is no scope '\(text)'")
                }
                return scope
            }
            guard !known.isEmpty else { throw ValidationError("a key without a scope could do nothing") }
            let expiresAt = lifetime.map { Clock.now().adding(seconds: $0) }
            print(try settings.keys().create(name: name, scopes: Set(known), expiresAt: expiresAt).text)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all keys, without their secrets.")

        @OptionGroup var settings: SettingsOptions

        func run() throws {
            for entry in try settings.keys().list() {
                let scopes = entry.scopes.map(\.rawValue).sorted().joined(separator: ",")
                var state = entry.revokedAt.map { "revoked \($0.iso8601)" } ?? "in use"
                if entry.revokedAt == nil, let end = entry.expiresAt {
                    state = "\(end > Clock.now() ? "in use until" : "expired") \(end.iso8601)"
                }
                let used = entry.lastUsedAt.map { "last used \($0.iso8601)" } ?? "never used"
                print("\(entry.id)  created \(entry.createdAt.iso8601)  \(state)  \(used)  \(scopes)  \(entry.name)")
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key at once.")

        @OptionGroup var settings: SettingsOptions

        @Argument(help: "The key's id: what stands between 'mk_' and the next '_'.")
        var id: String

        func run() throws {
            guard try settings.keys().revoke(id: id) else {
                throw ValidationError("no key '\(id)' is in use; 'mediad key list' shows them")
            }
            print("revoked \(id)")
        }
    }
}

extension SettingsOptions {
    func keys() throws -> ManageAPIKeys {
        ManageAPIKeys(context: try CommandLineContext.make(try load()))
    }
}
