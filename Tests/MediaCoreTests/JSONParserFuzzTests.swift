import Foundation
import MediaCore
import Testing

/// Documents with random damage: the parser parses or throws, and never traps.
struct JSONParserFuzzTests {
    private static let documents = [
        #"{"pattern":"media.findOne","data":"cjld2cjxh0000qzrmn831i7rn","id":"1f0c"}"#,
        #"{"buffer":{"type":"Buffer","data":[0,255,17,3]},"originalName":"a.png","mimeType":"image/png"}"#,
        #"[1,-2.5e-3,1E+10,true,false,null,"\ud83d\ude00\u0000\n\\\"é😀",{"":[]},[[[[{}]]]],9223372036854775808]"#,
        " { \"a\" : [ 0 , 0.0 , -0 ] , \"b\" : { \"c\" : \"\\/\\b\\f\\t\" } }\r\n\t",
    ]

    /// Bytes that mean something to the parser.
    private static let tokens =
        Array(#"{}[]",:\/-+.eEu0123456789abfnrtl"#.utf8) + [0x00, 0x1F, 0x20, 0x7F, 0xC3, 0xED, 0xFF]

    private static func damage(_ bytes: inout [UInt8], using generator: inout SplitMix64) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...4, using: &generator))
            let token = tokens.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.insert(token, at: place)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.replaceSubrange(place..<end, with: [token])
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            default: if Int.random(in: 0..<8, using: &generator) == 0 { bytes.removeSubrange(place...) }
            }
        }
    }

    @Test("parses or throws; what it takes, Foundation takes too and it writes back the same", arguments: documents)
    func mutations(document: String) throws {
        var generator = SplitMix64(seed: 1)
        var parsed = 0
        for _ in 0..<10_000 {
            var bytes = Array(document.utf8)
            Self.damage(&bytes, using: &generator)
            switch Result(catching: { () throws(JSONParser.Failure) in try JSONParser.parse(bytes) }) {
            case .success(let value):
                parsed += 1
                _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
                try #require(try JSONParser.parse(value.bytes).bytes == value.bytes)
            case .failure(let failure):
                try #require((0...bytes.count).contains(failure.offset) && !failure.reason.isEmpty)
            }
        }
        #expect(parsed > 100, "the damage leaves too few texts whole to say anything")
    }

    @Test("every beginning of a document is refused, every byte of it in turn replaced by every byte is survived")
    func systematic() {
        for document in Self.documents {
            let bytes = Array(document.utf8)
            let end = bytes.lastIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "]") } ?? 0
            for length in 0...end {
                #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(bytes[..<length])) }
            }
            for place in bytes.indices {
                for byte in UInt8.min...UInt8.max {
                    var changed = bytes
                    changed[place] = byte
                    let value = try? JSONParser.parse(changed)
                    if byte < 0x20, ![0x09, 0x0A, 0x0D].contains(byte) { #expect(value == nil) }
                }
            }
        }
    }

    @Test("random bytes are survived")
    func noise() throws {
        var generator = SplitMix64(seed: 2)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                Self.tokens.randomElement(using: &generator) ?? 0
            }
            if let value = try? JSONParser.parse(bytes) {
                try #require((try? JSONParser.parse(value.bytes))?.bytes == value.bytes)
            }
        }
    }
}
