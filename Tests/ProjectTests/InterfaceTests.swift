import HTTPTypes
import MediaCore
import MediaHTTP
import MediaService
import Testing

/// What is said of the interface is what it is.
struct InterfaceTests {
    /// The operations of openapi.yaml: `GET /v1/media`.
    private func described() throws -> [String] {
        var operations: [String] = []
        var path = ""
        var isInPaths = false
        for line in try Repository.text("nginx/html/openapi.yaml").split(separator: "\n") {
            if let first = line.first, first != " ", first != "#" { isInPaths = line == "paths:" }
            guard isInPaths else { continue }
            if let match = line.wholeMatch(of: /\ \ (\/[^ ]*):/) { path = String(match.1) }
            if let match = line.wholeMatch(of: /\ {4}(get|put|post|delete|patch|head|options):/) {
                operations.append("\(match.1.uppercased()) \(path)")
            }
        }
        return operations
    }

    @Test("each route is in openapi.yaml, and each path of it has a route")
    func routes() throws {
        // Those that begin with an underscore nginx alone can ask for; public files are its own.
        let routes = Application().routes.filter { !$0.path.hasPrefix("/_") }.map { "\($0.method.rawValue) \($0.path)" }
        #expect(try described().sorted() == (routes + ["GET /p/{id}/{name}"]).sorted())
    }

    @Test("openapi.yaml has the codes that there are")
    func codes() throws {
        let text = try Repository.text("nginx/html/openapi.yaml")
        let list = try #require(
            text.firstMatch(of: /\n    ProblemCode:\n(?:      .*\n)*?      enum:\n((?: {8}- \w+\n)+)/)
        ).1
        let codes = list.split(separator: "\n").map { String($0.drop { $0 == " " || $0 == "-" }) }
        #expect(codes.sorted() == ProblemCode.allCases.map(\.rawValue).sorted())
    }

    @Test("the page of errors is made of the code; mediad errors --html > nginx/html/docs/errors.html renews it")
    func errors() throws {
        #expect(try Repository.text("nginx/html/docs/errors.html") == ErrorCatalogue.page)
        for code in ProblemCode.allCases {
            let entry = code.entry
            #expect(
                (400...599).contains(entry.status) && entry.cause.hasSuffix(".") && entry.mend.hasSuffix("."), "\(code)"
            )
            #expect(ErrorCatalogue.page.contains("id=\"\(code.rawValue)\""))
        }
    }

    @Test("what nginx answers by itself has the codes and titles of the others")
    func nginx() throws {
        let texts = try Repository.text("nginx/media/problem-answers.conf").matches(
            of: /"type":"\$media_errors#(\w+)","title":"([^"]+)","status":(\d+),"code":"(\w+)"/)
        #expect(texts.count == 21)
        for text in texts {
            let code = try #require(ProblemCode(rawValue: String(text.4)))
            #expect(text.1 == text.4 && text.2 == code.entry.title)
            let isGateway = [.unavailable, .outcomeUnknown].contains(code) && ["502", "504"].contains(text.3)
            #expect(text.3 == "\(code.entry.status)" || isGateway)
        }
    }
}
