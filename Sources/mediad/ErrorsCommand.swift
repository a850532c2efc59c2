import ArgumentParser
import MediaCore
import MediaService

struct ErrorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "errors", abstract: "What the codes of failed requests mean, and what to do.")

    @Argument(help: "One code; all unless given.")
    var code: String?

    @Flag(help: "As the page at /docs/errors.")
    var html = false

    func run() throws {
        if html { return print(ErrorCatalogue.page, terminator: "") }
        guard let code else { return print(ProblemCode.allCases.map(ErrorCatalogue.text).joined(separator: "\n")) }
        guard let known = ProblemCode(rawValue: code) else {
            throw ValidationError("there is no code '\(code)'; 'mediad errors' shows all")
        }
        print(ErrorCatalogue.text(known))
    }
}
