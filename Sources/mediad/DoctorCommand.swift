import ArgumentParser
import MediaCore
import MediaService

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at all that operation needs, and say the mend for what is wrong.",
        discussion: "Exit code 1 if something doesn't work; warnings alone are 0.")

    @OptionGroup var settings: SettingsOptions

    @Option(help: "The folder that 'mediad nginx' has written to; /etc/nginx/media/instance if it is there.")
    var nginx: String?

    @Flag(help: "A line of JSON for each finding.")
    var json = false

    func run() throws {
        let findings = Doctor(try settings.load(), nginxFolder: nginx).findings()
        for finding in findings {
            print(json ? finding.json.text : Self.text(finding))
        }
        if findings.contains(where: { $0.state == .fault }) { throw ExitCode.failure }
    }

    private static func text(_ finding: Finding) -> String {
        let mark =
            switch finding.state {
            case .ok: "ok     "
            case .warning: "WARNING"
            case .fault: "FAULT  "
            }
        return "\(mark)  \(finding.subject): \(finding.text)" + (finding.mend.map { "\n         -> \($0)" } ?? "")
    }
}
