import Foundation
import MediaCore
import Testing

struct JSONWriterTests {
    @Test(
        "writes values without white space",
        arguments: [
            (.null, "null"), (.bool(true), "true"), (.bool(false), "false"), (.integer(0), "0"),
            (.integer(.min), "-9223372036854775808"), (.decimal("1.50"), "1.50"), (.decimal("-0.25"), "-0.25"),
            (.decimal("3.0"), "3.0"), (.decimal("1E300"), "1E300"), (.string(""), "\"\""), (.array([]), "[]"),
            (.object([]), "{}"), (.array([.null, .integer(1), .array([])]), "[null,1,[]]"),
            (.object([.init("b", .integer(1)), .init("a", .array([.bool(true)]))]), #"{"b":1,"a":[true]}"#),
        ] as [(JSON, String)])
    func value(value: JSON, text: String) {
        #expect(value.text == text)
        #expect(value.bytes == Array(text.utf8))
    }

    @Test(
        "escapes what has to be and nothing else",
        arguments: [
            ("\"", #""\"""#), ("\\", #""\\""#), ("\n\r\t", #""\n\r\t""#), ("\0", #""\u0000""#),
            ("\u{8}\u{B}\u{1F}", #""\u0008\u000b\u001f""#), ("a/b", "\"a/b\""), ("é€😀", "\"é€😀\""),
            ("\r\n", #""\r\n""#),
        ])
    func string(text: String, written: String) {
        #expect(JSON.string(text).text == written)
        #expect(JSON.object([.init(text, .null)]).text == "{\(written):null}")
    }

    @Test("keeps the order of members")
    func order() {
        let names = (0..<100).map { "n\($0 * 37 % 100)" }
        let text = JSON.object(names.map { .init($0, .integer(1)) }).text
        #expect(text == "{\(names.map { "\"\($0)\":1" }.joined(separator: ","))}")
    }

    @Test("any value comes back from its text, byte for byte")
    func roundTrip() throws {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<3000 {
            let value = Self.random(depth: 4, using: &generator)
            let again = try JSONParser.parse(value.bytes)
            try #require(again == value)
            try #require(again.bytes == value.bytes)
        }
    }

    @Test("Foundation reads the same strings and numbers out of our text")
    func foundationReads() throws {
        var generator = SplitMix64(seed: 2)
        let texts = (0..<2000).map { _ in generator.text(maxLength: 12) }
        let integers = (0..<2000).map { _ in Int64.random(in: .min ... .max, using: &generator) }
        let doubles = (0..<2000).map { _ in Double(bitPattern: generator.next()) }.filter(\.isFinite)
        let readTexts = try Self.decode([String].self, .array(texts.map(JSON.string)))
        #expect(readTexts.map { Array($0.utf8) } == texts.map { Array($0.utf8) })
        #expect(try Self.decode([Int64].self, .array(integers.map(JSON.integer))) == integers)
        #expect(try Self.decode([Double].self, .array(doubles.map { JSON.decimal("\($0)") })) == doubles)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ json: JSON) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.bytes))
    }

    /// A value with every kind in it, empty and nested ones, and texts that need care as strings and as names.
    private static func random(depth: Int, using generator: inout SplitMix64) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 3:
            let number = Double(bitPattern: generator.next())
            return .decimal("\(number.isFinite ? number : 0.5)")
        case 4, 5: return .string(generator.text(maxLength: 10))
        case 6:
            return .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            return .object(
                (0..<Int.random(in: 0...4, using: &generator)).map { index in
                    .init("\(index)\(generator.text(maxLength: 5))", random(depth: depth - 1, using: &generator))
                })
        }
    }
}
