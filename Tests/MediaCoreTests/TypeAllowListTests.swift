import MediaCore
import Testing

struct TypeAllowListTests {
    private static func types(_ list: String) throws -> Set<String> {
        let list = try #require(TypeAllowList(list))
        return Set(FileType.all.filter(list.allows).map(\.mimeType))
    }

    @Test("a kind allows every known type of it", arguments: MediaType.allCases)
    func kind(kind: MediaType) throws {
        let expected = Set(FileType.all.filter { $0.mediaType == kind }.map(\.mimeType))
        #expect(try Self.types(kind.rawValue) == expected)
        #expect(try Self.types(kind.rawValue.lowercased()) == expected)
        #expect(!expected.isEmpty)
    }

    @Test(
        "a type allows itself only, by any of its names and in any case",
        arguments: [
            ("application/pdf", ["application/pdf"]), ("IMAGE/JPG", ["image/jpeg"]), ("audio/x-wav", ["audio/wav"]),
            ("text/csv,text/plain", ["text/csv", "text/plain"]), (" text/csv ,  text/vtt ", ["text/csv", "text/vtt"]),
            ("text/csv,,text/csv,", ["text/csv"]), ("application/x-foo", []),
        ] as [(String, Set<String>)])
    func single(list: String, expected: Set<String>) throws {
        #expect(try Self.types(list) == expected)
    }

    @Test("kinds and types add up")
    func both() throws {
        let types = try Self.types("AUDIO, image/png")
        #expect(types.contains("image/png") && types.contains("audio/mpeg"))
        #expect(!types.contains("image/jpeg") && !types.contains("video/mp4"))
    }

    @Test(
        "is no list where an entry is neither a kind nor a type",
        arguments: [
            "", ",", " ", " , ", "IMAGES", "*", "*/*", "image/*", "pdf", "IMAGE,nonsense", "nonsense,IMAGE",
            "a/b/c", "IMAGE;VIDEO", "IMAGE VIDEO",
        ])
    func refuses(list: String) {
        #expect(TypeAllowList(list) == nil)
    }

    @Test("half a type is none", arguments: ["/", "image/", "/png", "IMAGE,video/", "image/ png"])
    func halfType(list: String) {
        #expect(TypeAllowList(list) == nil)
    }

    @Test("an unlisted type has to be named; the kind OTHER doesn't allow it")
    func unlisted() throws {
        let type = FileType.unlisted("application/x-foo")
        #expect(try #require(TypeAllowList("application/x-foo")).allows(type))
        #expect(try #require(TypeAllowList("Application/X-Foo")).allows(type))
        #expect(try !#require(TypeAllowList("IMAGE,VIDEO,AUDIO,DOCUMENT,OTHER")).allows(type))
        #expect(try !#require(TypeAllowList("application/x-bar")).allows(type))
    }

    @Test(
        "an unlisted type is allowed by the name libmagic gives it, capitals too",
        arguments: ["application/CDFV2", "text/PGP"])
    func capitals(detected: String) throws {
        let resolution = FileType.resolve(detected: detected, declared: nil, fileName: "a")
        guard case .unlisted(let mimeType) = resolution else {
            Issue.record("\(resolution)")
            return
        }
        #expect(try #require(TypeAllowList(detected)).allows(.unlisted(mimeType)))
    }
}
