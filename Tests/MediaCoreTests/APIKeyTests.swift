import MediaCore
import Testing

struct APIKeyTests {
    private static let id = "0aZ9bY8cX7dW"
    private static let secret = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"

    @Test("reads its parts and writes them back")
    func parts() throws {
        let text = "mk_\(Self.id)_\(Self.secret)"
        let key = try #require(APIKey(text))
        #expect(key.id == Self.id)
        #expect(key.secret == Self.secret)
        #expect(key.text == text)
    }

    @Test(
        "refuses what hasn't the form",
        arguments: [
            "", "mk", "mk_", "mk__", "mk_\(id)", "mk_\(id)_", "mk__\(secret)", "_\(id)_\(secret)", "\(id)_\(secret)",
            "MK_\(id)_\(secret)", "sk_\(id)_\(secret)", " mk_\(id)_\(secret)", "mk_\(id)_\(secret) ",
            "mk_\(id)_\(secret)\n", "mk_\(id)_\(secret)_", "mk_\(id)_\(secret)h", "mk_\(id)_\(secret.dropLast())",
            "mk_\(id)x_\(secret)", "mk_\(id.dropLast())_\(secret)", "mk_\(id.dropLast())-_\(secret)",
            "mk_\(id)_\(secret.dropLast())_", "mk_\(id)_\(secret.dropLast())=", "mk_\(id)_\(secret.dropLast())/",
            "mk_\(id)_\(secret.dropLast())\0", "mk_\(id)_\(secret.dropLast(2))é", "mk_\(id.dropLast(2))é_\(secret)",
        ])
    func refuses(text: String) {
        #expect(APIKey(text) == nil)
    }

    @Test("a new key reads back, and no two are the same")
    func fresh() {
        var generator = SplitMix64(seed: 1)
        let keys = (0..<1000).map { _ in APIKey(using: &generator) }
        #expect(keys.allSatisfy { APIKey($0.text) == $0 })
        #expect(Set(keys.map(\.id)).count == keys.count)
        #expect(Set(keys.map(\.secret)).count == keys.count)
    }

    @Test("every position of the secret takes every one of 62 characters, so it holds 256 bits")
    func entropy() {
        var generator = SplitMix64(seed: 2)
        var seen = [Set<Character>](repeating: [], count: 43)
        for _ in 0..<3000 {
            for (position, character) in APIKey(using: &generator).secret.enumerated() {
                seen[position].insert(character)
            }
        }
        #expect(seen.map(\.count) == [Int](repeating: 62, count: 43))
    }

    @Test("keys are equal only when both parts are")
    func equality() {
        let key = APIKey("mk_\(Self.id)_\(Self.secret)")
        #expect(key != APIKey("mk_\(Self.id)_\(Self.secret.dropLast())h"))
        #expect(key != APIKey("mk_1\(Self.id.dropFirst())_\(Self.secret)"))
    }
}
