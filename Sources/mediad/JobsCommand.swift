import ArgumentParser
import MediaCore
import MediaDatabase
import MediaService

struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "What 'mediad work' has to do, does and has done.",
        subcommands: [List.self, Retry.self, Cancel.self], defaultSubcommand: List.self)

    /// A job's id, as most commands have it.
    struct Target: ParsableArguments {
        @OptionGroup var settings: SettingsOptions

        @Argument(help: "The job's id, as 'mediad jobs list' shows it.", transform: JobsCommand.id)
        var id: MediaID
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the newest jobs, oldest first.")

        @OptionGroup var settings: SettingsOptions

        @Option(help: "One of \(Job.State.allCases.map(\.rawValue).joined(separator: ", ")).")
        var state: String?

        @Option(help: "Jobs of this record or upload only.", transform: JobsCommand.id)
        var subject: MediaID?

        @Option(help: "How many.")
        var limit = 100

        @Flag(help: "A line of JSON for each job.")
        var json = false

        func run() throws {
            let state = try state.map { text in
                guard let state = Job.State(rawValue: text.uppercased()) else {
                    throw ValidationError("there is no state '\(text)'")
                }
                return state
            }
            guard limit > 0 else { throw ValidationError("--limit has to be at least 1") }
            let queue = JobQueue(try settings.connection())
            let jobs = try subject.map(queue.jobs) ?? queue.list(state, limit: limit)
            for job in jobs.reversed() where state == nil || job.state == state {
                print(json ? job.json.text : JobsCommand.line(job))
            }
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Do a job that waits, has failed or was cancelled, at once and as if for the first time.")

        @OptionGroup var target: Target

        func run() throws {
            guard try target.settings.jobs().retry(target.id) else {
                throw ValidationError("there is no such job, or it runs or is done")
            }
            print("waiting \(target.id)")
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a job that waits or runs.")

        @OptionGroup var target: Target

        func run() throws {
            guard try target.settings.jobs().cancel(target.id) else {
                throw ValidationError("there is no such job, or it has ended")
            }
            print("cancelled \(target.id)")
        }
    }

    private static func id(_ text: String) throws -> MediaID {
        guard let id = MediaID(text) else { throw ValidationError("'\(text)' is no id") }
        return id
    }

    private static func line(_ job: Job) -> String {
        let words = [
            job.id.rawValue, job.createdAt.iso8601, job.state.rawValue, job.kind.rawValue, "for \(job.subject)",
            "attempts \(job.attempts)", job.progress?.text, job.failure,
        ]
        return words.compactMap(\.self).joined(separator: "  ")
    }
}

extension SettingsOptions {
    func jobs() throws -> ManageJobs { ManageJobs(context: try CommandLineContext.make(try load())) }
}
