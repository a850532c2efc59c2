import MediaMessaging
import Testing

struct NestFramesTests {
    private static let texts = [
        "{}", #"{"a":"Grüße"}"#, #"{"b":"👩‍🎓🎬"}"#, "\"€\"", String(repeating: "𝒳", count: 300), "7",
    ]
    private static let bytes = texts.flatMap { NestFrames.frame(Array($0.utf8)) }

    private func texts(_ pieces: [[UInt8]]) throws -> [String] {
        var frames = NestFrames(maxLength: 10_000)
        var found: [String] = []
        for piece in pieces { found += try frames.take(piece).map { String(decoding: $0, as: UTF8.self) } }
        #expect(!frames.isPartial)
        return found
    }

    @Test("the length counts UTF-16 code units, as NestJS does")
    func length() {
        for text in Self.texts {
            #expect(NestFrames.frame(Array(text.utf8)) == Array("\(text.utf16.count)#\(text)".utf8))
        }
    }

    @Test("frames that are split at every byte, and all in one piece")
    func split() throws {
        #expect(try texts([Self.bytes]) == Self.texts)
        #expect(try texts(Self.bytes.map { [$0] }) == Self.texts)
        for index in Self.bytes.indices {
            #expect(try texts([Array(Self.bytes[..<index]), Array(Self.bytes[index...])]) == Self.texts)
        }
    }

    @Test(
        "what is no frame",
        arguments: [
            "a#{}", "#{}", "-1#{}", "1x#{}", " 2#{}", "2", "0#", "99999999999#", "12345678901", "10001#", "1#🎬",
            "3#ab\u{10FFFF}",
        ])
    func broken(text: String) throws {
        var frames = NestFrames(maxLength: 10_000)
        if text == "2" {
            #expect(try frames.take(Array(text.utf8)).isEmpty)
            #expect(frames.isPartial)
        } else {
            #expect(throws: NestFrames.Broken.self) { try frames.take(Array(text.utf8)) }
        }
    }

    @Test("what is no UTF-8", arguments: [[0x80], [0xFF], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        var frames = NestFrames(maxLength: 10_000)
        #expect(throws: NestFrames.Broken.self) { try frames.take(Array("4#".utf8) + bytes + Array("abcd".utf8)) }
    }

    @Test("a frame whose characters are longer than it may be in bytes")
    func bytesCount() {
        var frames = NestFrames(maxLength: 10)
        #expect(throws: NestFrames.Broken.self) { try frames.take(Array("8#€€€€€€€€".utf8)) }
    }
}
