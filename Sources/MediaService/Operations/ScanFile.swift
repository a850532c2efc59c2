import Logging
import MediaCore
import MediaStorage

/// Has clamd look at files, where that is set.
struct ScanFile {
    let context: Context

    private var configuration: Configuration { context.environment.configuration }

    /// - Returns: the name of what the file is infected with; nil for a clean one, and for one that is taken unseen as the
    ///   settings have it.
    /// - Throws: 503 where clamd can't be asked and nothing is to be taken then; 413 for a file that it doesn't take.
    func run(_ file: IncomingFile) throws -> String? {
        guard let address = configuration.scanner else { return nil }
        let scanner = VirusScanner(address, seconds: configuration.number(.scanTimeout))
        do {
            switch try scanner.scan(file.staged.handle) {
            case .clean: return nil
            case .infected(let name):
                context.environment.metrics.add(.filesInfected)
                context.logger.error(
                    "infected file", metadata: ["signature": "\(name)", "name": "\(file.originalName)"])
                return name
            case .tooLarge:
                return try unseen(file, "it is larger than clamd takes", .scanLarge) {
                    Problem.tooLarge(
                        file.field, limit: file.staged.size - 1,
                        "\(file.staged.size) bytes are more than the virus scanner takes")
                }
            }
        } catch let failure as VirusScanner.Failure {
            return try unseen(file, failure.description, .scanUnavailable) {
                Problem.unavailable("The virus scanner can't be asked now.", retryAfter: 30)
            }
        }
    }

    /// - Parameter setting: whether such a file is taken.
    private func unseen(_ file: IncomingFile, _ reason: String, _ setting: Setting, _ problem: () -> Problem) throws
        -> String?
    {
        context.environment.metrics.add(.filesUnscanned)
        context.logger.error(
            "a file is not scanned", metadata: ["reason": "\(reason)", "name": "\(file.originalName)"])
        if configuration.text(setting) == "accept" { return nil }
        throw problem()
    }
}
