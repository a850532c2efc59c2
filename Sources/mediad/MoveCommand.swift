import ArgumentParser
import Glibc
import MediaCore
import MediaService

struct MoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Bring all files of one store to another, while the service runs.",
        discussion: """
            Each is copied, its hash compared, and then said to lie there; the old one goes an hour later, or at once where it lay in the local store. Begun again after it was
            ended, it goes on. Let the rules of MEDIA_STORES_FILE name the new store first, on every host, or new files go on to the old
            one. Exit code 1 if something could not be moved.
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: "The store's name; 'local' for the one that the service works in.")
    var from: String

    @Option(help: "The other store's name.")
    var to: String

    @Option(help: "Bytes a second, also with K, M or G.")
    var rate = "1G"

    @Option(help: "Files at the same time.")
    var threads = 8

    @Flag(name: .customLong("dry-run"), help: "Only say how much there is.")
    var dryRun = false

    @Flag(help: "A line of JSON for each file that can't be moved, and one with the sums at the end.")
    var json = false

    func validate() throws {
        guard (1...256).contains(threads) else { throw ValidationError("--threads is from 1 to 256") }
    }

    func run() throws {
        guard let bytes = SettingForm.bytes(1...1 << 40).number(rate) else {
            throw ValidationError("--rate is a number of bytes such as 50M")
        }
        let context = try CommandLineContext.make(try settings.load())
        let move = try MoveBlobs(context.environment, from: from, to: to, rate: bytes) { [json] finding in
            print(json ? finding.json.text : "FOUND     \(finding.kind.rawValue): \(finding.subject): \(finding.text)")
        }
        let all = try move.waiting()
        if dryRun { return say(all, "would be moved") }
        let isTerminal = isatty(STDERR_FILENO) == 1
        let sums = try move.run(threads: threads) { sums in
            guard isTerminal else { return }
            let text = "\r\(sums.blobs) of \(all.blobs) files, \(sums.bytes >> 20) of \(all.bytes >> 20) MiB "
            _ = write(STDERR_FILENO, text, text.utf8.count)
        }
        say(sums, "moved")
        if sums.failed > 0 { throw ExitCode.failure }
    }

    private func say(_ sums: MoveBlobs.Sums, _ what: String) {
        guard json else {
            return print(
                "\(sums.blobs) files, \(sums.bytes) bytes \(what)" + (sums.failed > 0 ? ", \(sums.failed) not" : ""))
        }
        let members = [("blobs", sums.blobs), ("bytes", sums.bytes), ("failed", sums.failed)]
        print(JSON.object(members.map { .init($0.0, .integer($0.1)) }).text)
    }
}
