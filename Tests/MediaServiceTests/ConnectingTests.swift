import Foundation
import MediaTesting
import Testing

/// The README's guide: what it says of Node, Python and curl works as it stands there.
struct ConnectingTests {
    private let instance: ServiceInstance
    private let folder: TemporaryFolder

    init() throws {
        instance = try ServiceInstance()
        folder = try TemporaryFolder()
        _ = try folder.file("photo.jpg", Samples.jpeg("guide"))
    }

    /// The guide's code in a language.
    private func code(_ language: String) throws -> String {
        let readme = try String(contentsOfFile: "\(ServiceFolders.repository)/README.md", encoding: .utf8)
        let guide = try #require(readme.components(separatedBy: "\n## Connecting\n").last)
            .components(separatedBy: "\n## ")[0]
        return try #require(guide.components(separatedBy: "\n```\(language)\n").dropFirst().first)
            .components(separatedBy: "\n```")[0]
    }

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        try Command.run(
            "sh", ["-c", "cd '\(folder.path)' && exec \"$0\" \"$@\"", program] + arguments,
            environment: [
                "MEDIA_URL": instance.baseURL, "MEDIA_API_KEY": try instance.key("media:read,media:write,media:sign"),
            ])
    }

    private func expectFile(at url: String) throws {
        let file = try instance.anonymous.get(url)
        #expect(file.status == 200 && file.body == Samples.jpeg("guide"), "\(url)")
    }

    @Test("Node: uploads a file, and makes a link that anybody can open")
    func node() throws {
        try expectFile(at: try run("node", [try folder.file("guide.mjs", Array(try code("js").utf8))]))
    }

    @Test("Python: the same")
    func python() throws {
        try expectFile(
            at: try run(TestTools.path("python3"), ["-B", try folder.file("guide.py", Array(try code("python").utf8))]))
    }

    @Test("curl: the same file is taken in, and what is refused is said")
    func curl() throws {
        let script = try folder.file("guide.sh", Array(try code("sh").utf8))
        #expect(try run("sh", [script]).contains(#""originalName":"photo.jpg""#))
        _ = try folder.file("photo.jpg", Array("no picture".utf8))
        let refused = try run("sh", [script])
        #expect(refused.contains("unsupported_media_type") && refused.hasSuffix("not taken"))
    }
}
