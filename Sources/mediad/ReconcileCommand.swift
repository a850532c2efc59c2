import ArgumentParser
import Glibc
import MediaCore
import MediaService

/// What both commands that go through the store say and take.
struct StoreReport: ParsableArguments {
    @OptionGroup var settings: SettingsOptions

    @Option(help: "Begin with hashes that start with these two digits, after a run that was ended.")
    var from: String?

    @Flag(help: "A line of JSON for each finding, and one with the sums at the end.")
    var json = false

    func validate() throws {
        if let from, from.utf8.count != 2 || UInt8(from, radix: 16) == nil {
            throw ValidationError("--from has two hexadecimal digits")
        }
    }

    var first: UInt8 { from.flatMap { UInt8($0, radix: 16) } ?? 0 }

    func print(_ finding: StoreFinding) {
        let mark = finding.isRepaired ? "repaired" : "FOUND   "
        Swift.print(json ? finding.json.text : "\(mark)  \(finding.kind.rawValue): \(finding.subject): \(finding.text)")
    }

    /// On standard error, so that findings can be piped; where that is a terminal only.
    func progress(_ prefix: UInt8, _ more: String = "") {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let digits = (prefix < 16 ? "0" : "") + String(prefix, radix: 16)
        let text = "\r\(Int(prefix) * 100 / 256) % \(more) (goes on with --from \(digits)) "
        _ = write(STDERR_FILENO, text, text.utf8.count)
    }

    func end(_ members: [(String, Int)], isGood: Bool) throws {
        if json {
            Swift.print(JSON.object(members.map { .init($0.0, .integer(Int64($0.1))) }).text)
        } else {
            Swift.print(members.map { "\($0.1) \($0.0)" }.joined(separator: ", "))
        }
        if !isGood { throw ExitCode.failure }
    }
}

struct ReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Compare database and store in both directions.",
        discussion: """
            May run beside the service. Lost bytes and files that the service hasn't made are only ever reported. Exit code 1 if
            something was found that isn't repaired.
            """)

    @OptionGroup var store: StoreReport

    @Flag(name: .customLong("dry-run"), help: "Only report, which is what happens without --repair, too.")
    var dryRun = false

    @Flag(help: "Remove orphans; put counts, public links and sums right.")
    var repair = false

    func validate() throws {
        if dryRun && repair { throw ValidationError("--dry-run and --repair exclude each other") }
    }

    func run() throws {
        let context = try CommandLineContext.make(try store.settings.load())
        let counter = Counter()
        let reconciler = Reconciler(context: context, repairs: repair) { finding in
            store.print(finding)
            if finding.isRepaired { counter.repaired += 1 } else { counter.found += 1 }
        }
        try reconciler.run(from: store.first) { store.progress($0) }
        try store.end([("found", counter.found), ("repaired", counter.repaired)], isGood: counter.found == 0)
    }

    private final class Counter {
        var found = 0
        var repaired = 0
    }
}

struct ScrubCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrub", abstract: "Read all blobs and compare their hashes with their names.",
        discussion:
            "What has changed or is lost is brought back from its second copy. Exit code 1 if some of it could not be.")

    @OptionGroup var store: StoreReport

    @Option(help: "Bytes a second, also with K, M or G.")
    var rate = "50M"

    @Flag(name: .customLong("dry-run"), help: "Only report.")
    var dryRun = false

    func run() throws {
        guard let bytes = SettingForm.bytes(1...1 << 40).number(rate) else {
            throw ValidationError("--rate is a number of bytes such as 50M")
        }
        let context = try CommandLineContext.make(try store.settings.load())
        var found = 0
        var repaired = 0
        let scrubber = Scrubber(context: context, rate: bytes, repairs: !dryRun) { finding in
            store.print(finding)
            if finding.isRepaired { repaired += 1 } else { found += 1 }
        }
        let count = try scrubber.run(from: store.first) { store.progress($0, "\($1 / 1_000_000) MB") }
        try store.end([("blobs", count), ("changed", found), ("repaired", repaired)], isGood: found == 0)
    }
}
