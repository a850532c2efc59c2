import MediaCore
import Testing

struct MediaIDTests {
    @Test(
        "reads ids of a cuid's form",
        arguments: ["c000000000000000000000000", "czzzzzzzzzzzzzzzzzzzzzzzz", "cjld2cjxh0000qzrmn831i7rn"])
    func accepts(text: String) throws {
        let id = try #require(MediaID(text))
        #expect(id.rawValue == text)
        #expect("\(id)" == text)
    }

    @Test(
        "refuses everything else",
        arguments: [
            "", "c", "cjld2cjxh0000qzrmn831i7r", "cjld2cjxh0000qzrmn831i7rna", "xjld2cjxh0000qzrmn831i7rn",
            "Cjld2cjxh0000qzrmn831i7rn", "cjld2cjxh0000qzrmn831i7rN", "cjld2cjxh0000-zrmn831i7rn",
            " jld2cjxh0000qzrmn831i7rn", "cjld2cjxh0000qzrmn831i7r\n", "cjld2cjxh0000qzrmn831i7r\0",
            "cjld2cjxh0000qzrmn831i7é", "cjld2cjxh0000qzrmn831i7r٣", "../../../../../../etc/pass",
            "cjld2cjxh0000qzrmn831i7/`", "cjld2cjxh0000qzrmn831i7:{",
        ])
    func refuses(text: String) {
        #expect(MediaID(text) == nil)
    }

    @Test(
        "holds the creation time in its first nine characters",
        arguments: [
            (0, "c000000000"), (35, "c00000000z"), (36, "c000000010"), (1_769_850_300_042, "c0ml2367ii"),
            (101_559_956_668_415, "czzzzzzzzz"), (-5, "c000000000"),
        ] as [(Int64, String)])
    func time(milliseconds: Int64, prefix: String) {
        var generator = SplitMix64(seed: 1)
        let id = MediaID(now: Timestamp(milliseconds: milliseconds), using: &generator)
        #expect(id.rawValue.hasPrefix(prefix))
    }

    @Test("new ids have the form that is read back, and differ within one millisecond")
    func fresh() {
        var generator = SplitMix64(seed: 2)
        let now = Timestamp(milliseconds: 1_769_850_300_042)
        let ids = (0..<2000).map { _ in MediaID(now: now, using: &generator) }
        #expect(ids.allSatisfy { MediaID($0.rawValue) == $0 })
        #expect(Set(ids).count == ids.count)
    }

    @Test("every random position takes every character")
    func alphabet() {
        var generator = SplitMix64(seed: 3)
        var seen = [Set<Character>](repeating: [], count: 15)
        for _ in 0..<2000 {
            let id = MediaID(now: Timestamp(milliseconds: 0), using: &generator)
            for (position, character) in id.rawValue.suffix(15).enumerated() { seen[position].insert(character) }
        }
        #expect(seen.map(\.count) == [Int](repeating: 36, count: 15))
    }

    @Test("the random part comes from the generator alone")
    func deterministic() {
        var first = SplitMix64(seed: 4)
        var again = SplitMix64(seed: 4)
        let now = Timestamp(milliseconds: 7)
        #expect(MediaID(now: now, using: &first) == MediaID(now: now, using: &again))
    }

    @Test("ids sort by creation, to the millisecond")
    func order() throws {
        var generator = SplitMix64(seed: 5)
        var milliseconds: Int64 = 0
        var last = MediaID(now: Timestamp(milliseconds: 0), using: &generator)
        for _ in 0..<1000 {
            milliseconds += Int64.random(in: 1...100_000_000_000, using: &generator)
            let id = MediaID(now: Timestamp(milliseconds: milliseconds), using: &generator)
            try #require(last < id)
            last = id
        }
    }
}
