import MediaCore
@testable import MediaService
import Testing

struct DigestFieldTests {
    private static let zeros256 = String(repeating: "A", count: 43) + "="
    private static let zeros512 = String(repeating: "A", count: 86) + "=="

    @Test("both algorithms, in any order, with spaces")
    func both() throws {
        let text = "sha-512=:\(Self.zeros512): ,\tsha-256=:\(Self.zeros256):"
        let found = try DigestField.parse(text, field: "Content-Digest")
        #expect(found.map(\.algorithm) == [.sha512, .sha256])
        #expect(found.map(\.value) == [String(repeating: "0", count: 128), String(repeating: "0", count: 64)])
        #expect(found.needSHA512)
    }

    @Test("algorithms that aren't known are passed over")
    func unknown() throws {
        let found = try DigestField.parse("md5=:AAAA:, unixsum=:AA==:", field: "f")
        #expect(found.isEmpty && !found.needSHA512)
    }

    @Test(
        "what is no dictionary of byte sequences",
        arguments: [
            "", " ", ",", "sha-256", "sha-256=", "sha-256=::x", "sha-256=abc", "sha-256=:abc", "sha-256=abc:",
            "sha-256=:a b?:", "sha-256=:\(zeros256):,", "=:AAAA:x", "sha-256=\":AAAA:\"",
        ])
    func malformed(text: String) {
        let problem = #expect(throws: Problem.self) { try DigestField.parse(text, field: "Content-Digest") }
        #expect(problem?.status == 400)
        #expect(problem?.errors.first?.field == "Content-Digest")
    }

    @Test(
        "a digest of the wrong length", arguments: ["sha-256=:AAAA:", "sha-256=:\(zeros512):", "sha-512=:\(zeros256):"])
    func length(text: String) {
        let problem = #expect(throws: Problem.self) { try DigestField.parse(text, field: "f") }
        #expect(problem?.errors.first?.reason.contains("bytes, not") == true)
    }
}
