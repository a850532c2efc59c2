import ArgumentParser
import Glibc
import MediaService

/// The program: a command for each thing that is done with the service.
@main
struct Mediad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mediad",
        abstract: "The media service: workers, housekeeping and what an operator needs.",
        discussion: "Settings come from the environment and a file; 'mediad config --help' lists them.",
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, WorkerCommand.self, WorkCommand.self, BridgeCommand.self, MigrateCommand.self,
            KeyCommand.self, WebhookCommand.self, JobsCommand.self, VariantsCommand.self,
            SignCommand.self, LinkKeyCommand.self, AuditCommand.self, DoctorCommand.self,
            ReconcileCommand.self, ScrubCommand.self, MoveCommand.self,
            ConfigCommand.self, ErrorsCommand.self, NginxCommand.self,
        ])

    /// Prints what is wrong as it is, without the usage of the command.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Configuration.Failure {
            let message = "mediad: settings that can't be used:\n\(failure)\n"
            _ = write(STDERR_FILENO, message, message.utf8.count)
            // EX_CONFIG of <sysexits.h>.
            _exit(78)
        } catch {
            exit(withError: error)
        }
    }
}
