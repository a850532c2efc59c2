import MediaCore
import Testing

/// nginx serves public files by itself; what it knows of types has to be what the service knows.
@Suite struct NginxFilesTests {
    @Test("types.conf is the table of file types")
    func types() throws {
        let lines = try Repository.text("nginx/media/types.conf").split(separator: "\n")
            .filter { $0.hasPrefix("    ") }.map { $0.drop { $0 == " " } }
        #expect(lines.map(String.init) == FileType.all.map { "\($0.mimeType) \($0.fileExtension);" })
    }

    @Test("inline-types.conf has the types that may be shown in place, and no other")
    func inlineTypes() throws {
        let lines = try Repository.text("nginx/media/inline-types.conf").split(separator: "\n")
            .filter { $0.hasPrefix("\"") }
        let expected = FileType.all.filter(\.isInline).map { "\"\($0.mimeType)\" inline;" }
        #expect(lines.map(String.init) == expected)
    }

    @Test("every problem that problems.conf names has its text")
    func problems() throws {
        let references = try Repository.text("nginx/media/problems.conf").matches(of: /\/_problem\/(\d+);/).map(\.1)
        let answers = try Repository.text("nginx/media/problem-answers.conf")
        #expect(!references.isEmpty)
        for status in references {
            #expect(answers.contains("location = /_problem/\(status) {"))
            #expect(answers.contains("return \(status) '{"))
        }
    }
}
