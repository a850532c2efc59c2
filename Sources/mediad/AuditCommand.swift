import ArgumentParser
import MediaCore
import MediaDatabase
import MediaService

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what, and who was refused.",
        subcommands: [List.self, Prune.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the newest entries, oldest first.")

        @OptionGroup var settings: SettingsOptions

        @Option(help: "Entries of this record only.")
        var media: String?

        @Option(help: "Entries of this caller only: 'user:ID', 'key:ID', 'anonymous', 'operator', 'housekeeping'.")
        var caller: String?

        @Option(help: "One of \(AuditAction.allCases.map(\.rawValue).joined(separator: ", ")).")
        var action: String?

        @Option(help: "Entries from then on: a moment such as 2026-01-31T09:05:00Z, or a day.")
        var since: String?

        @Option(help: "Entries before then.")
        var before: String?

        @Option(help: "How many.")
        var limit = 100

        @Flag(help: "A line of JSON for each entry.")
        var json = false

        func run() throws {
            let action = try action.map { text in
                guard let action = AuditAction(rawValue: text) else {
                    let all = AuditAction.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("there is no action '\(text)'; there are: \(all)")
                }
                return action
            }
            let isCaller =
                caller.map { name in
                    ["anonymous", "operator", "housekeeping"].contains(name) || name.hasPrefix("user:")
                        || name.hasPrefix("key:")
                } ?? true
            guard isCaller else {
                throw ValidationError(
                    "--caller is user:ID, key:ID, anonymous, operator or housekeeping; 'mediad key list' has ids")
            }
            guard limit > 0 else { throw ValidationError("--limit has to be at least 1") }
            let filter = AuditRepository.Filter(
                mediaID: media, caller: caller, action: action, since: try AuditCommand.moment(since, "--since"),
                before: try AuditCommand.moment(before, "--before"))
            for entry in try AuditRepository(settings.connection()).find(filter, limit: limit) {
                print(json ? entry.json.text : AuditCommand.line(entry))
            }
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove old entries; 'mediad work' does so after MEDIA_AUDIT_RETENTION.")

        @OptionGroup var settings: SettingsOptions

        @Option(help: "Entries from before this moment or day go.")
        var before: String

        func run() throws {
            guard let moment = try AuditCommand.moment(before, "--before") else { return }
            print("removed \(try CommandLineContext.make(settings.load()).pruneAudit(before: moment))")
        }
    }

    private static func moment(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw ValidationError("\(option) is no moment such as 2026-01-31T09:05:00Z, and no day")
        }
        return moment
    }

    private static func line(_ entry: AuditEntry) -> String {
        let words = [
            entry.at.iso8601, entry.caller, entry.action.rawValue, entry.mediaID, entry.detail,
            entry.before.map { "before \($0.text)" }, entry.after.map { "after \($0.text)" },
            entry.address.isEmpty ? nil : "from \(entry.address)",
            entry.requestID.isEmpty ? nil : "request \(entry.requestID)",
        ]
        return words.compactMap(\.self).joined(separator: "  ")
    }
}

extension SettingsOptions {
    func connection() throws -> Connection { Connection(try load().database) }
}
