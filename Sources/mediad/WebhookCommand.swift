import ArgumentParser
import MediaCore
import MediaDatabase
import MediaService

struct WebhookCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Who is sent events by HTTP.",
        subcommands: [
            Add.self, List.self, Test.self, Log.self, Replay.self, Retry.self, Rotate.self, Enable.self, Disable.self,
            Remove.self,
        ])

    /// A webhook's id, which most commands have.
    struct Target: ParsableArguments {
        @OptionGroup var settings: SettingsOptions

        @Argument(help: "The webhook's id, as 'mediad webhook list' shows it.")
        var id: Int64

        func webhooks() throws -> ManageWebhooks { try settings.webhooks() }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events to a URL from now on.",
            discussion:
                "Prints the webhook's id and the secret that its messages are signed with; that can't be shown again.")

        @OptionGroup var settings: SettingsOptions

        @Argument(help: "Where to send them: https, or http on this host.")
        var url: String

        @Option(
            help:
                "Which ones, with commas: \(MediaEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")); all unless given."
        )
        var events: String?

        @Flag(name: .customLong("allow-http"), help: "Take a URL with http of another host.")
        var allowsHTTP = false

        func run() throws {
            let kinds = try (events ?? "").split(separator: ",").map { text in
                guard let kind = MediaEvent.Kind(rawValue: String(text)) else {
                    throw ValidationError("there is no event '\(text)'")
                }
                return kind
            }
            let (id, secret) = try settings.webhooks().add(url, kinds: kinds, allowsHTTP: allowsHTTP)
            print("\(id) \(secret)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all webhooks and how it goes with them.")

        @OptionGroup var settings: SettingsOptions

        func run() throws {
            for report in try settings.webhooks().list() {
                let (webhook, state) = (report.webhook, report.state)
                let kinds = webhook.kinds.isEmpty ? "all" : webhook.kinds.map(\.rawValue).joined(separator: ",")
                print("\(webhook.id)  \(webhook.url)  \(kinds)  created \(webhook.createdAt.iso8601)")
                if let moment = webhook.disabledAt { print("    disabled since \(moment.iso8601)") }
                let since = report.waiting.since.map { ", the oldest since \($0.iso8601)" } ?? ""
                print("    \(report.waiting.count) events wait\(since)")
                print("    last delivery: \(state.deliveredAt?.iso8601 ?? "none")")
                if state.failures > 0 {
                    let next = state.retryAt.map { ", next try \($0.iso8601)" } ?? ""
                    print("    failed \(state.failures) times in a row\(next)")
                }
                if let error = state.lastError { print("    last failure: \(error)") }
            }
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send an event of the type webhook.test now.")

        @OptionGroup var target: Target

        func run() throws {
            let result = try target.webhooks().test(target.id)
            print(result.text)
            if !result.isTaken { throw ExitCode.failure }
        }
    }

    struct Log: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what the receiver has answered, newest last.")

        @OptionGroup var target: Target

        @Option(help: "How many of the newest tries.")
        var limit = 50

        @Flag(help: "Only those that failed.")
        var failed = false

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit is from 1 to 100000") }
        }

        func run() throws {
            for entry in try target.webhooks().deliveries(target.id, onlyFailed: failed, limit: limit) {
                let outcome = entry.error ?? "answers \(entry.status ?? 0)"
                print(
                    "\(entry.at.iso8601)  \(entry.eventID)  \(entry.kind)  \(entry.mediaID)  try \(entry.attempt)  "
                        + "\(entry.milliseconds) ms  \(outcome)")
            }
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events once more that were delivered or given up.",
            discussion: "They keep their ids, so a receiver that has had one knows it.")

        @OptionGroup var target: Target

        @Option(help: "One event, by its id.")
        var event: String?

        @Option(help: "All from this moment on: a day, or a moment such as 2026-01-31T09:05:00Z.")
        var since: String?

        @Flag(name: .customLong("given-up"), help: "Of those only the ones that were given up.")
        var givenUp = false

        func run() throws {
            let choice: OutboxRepository.Choice
            switch (event, since) {
            case (let event?, nil): choice = .event(event)
            case (nil, let text?):
                guard let moment = Timestamp(iso8601: text), Timestamp.storable.contains(moment) else {
                    throw ValidationError("--since: '\(text)' is no moment such as 2026-01-31T09:05:00Z")
                }
                choice = givenUp ? .givenUp(since: moment) : .since(moment)
            default: throw ValidationError("say either --event or --since")
            }
            print("\(try target.webhooks().replay(target.id, choice)) events are sent once more")
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try what waits at once, such as when the receiver has been mended.")

        @OptionGroup var target: Target

        func run() throws {
            try target.webhooks().retry(target.id)
            print("tried at once")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign with a new secret, which is printed; for a day with the one before, too.")

        @OptionGroup var target: Target

        func run() throws { print(try target.webhooks().rotate(target.id)) }
    }

    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send what happens from now on.")

        @OptionGroup var target: Target

        func run() throws {
            try target.webhooks().set(target.id, isEnabled: true)
            print("enabled \(target.id)")
        }
    }

    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send nothing more; what happens meanwhile is not kept for it.")

        @OptionGroup var target: Target

        func run() throws {
            try target.webhooks().set(target.id, isEnabled: false)
            print("disabled \(target.id)")
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a webhook and the events that wait for it.")

        @OptionGroup var target: Target

        func run() throws {
            try target.webhooks().remove(target.id)
            print("removed \(target.id)")
        }
    }
}

extension SettingsOptions {
    func webhooks() throws -> ManageWebhooks {
        ManageWebhooks(context: try CommandLineContext.make(try load()))
    }
}
