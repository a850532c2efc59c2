import Testing

@testable import MediaHTTP

struct PercentDecodingTests {
    @Test(
        "decodes to bytes, whatever they are",
        arguments: [
            ("", []), ("a%20b", [0x61, 0x20, 0x62]), ("%c3%A9", [0xC3, 0xA9]), ("%00%FF", [0x00, 0xFF]),
            ("%2525", [0x25, 0x32, 0x35]), ("a+b", [0x61, 0x2B, 0x62]), ("é", [0xC3, 0xA9]),
            ("%2f%2F%aF%Fa", [0x2F, 0x2F, 0xAF, 0xFA]),
        ] as [(String, [UInt8])])
    func decode(text: String, bytes: [UInt8]) {
        #expect(decodedBytes(of: text) == bytes)
    }

    @Test(
        "a plus is a space in a form, an encoded plus is none",
        arguments: [("a+b", "a b"), ("+%2B+", " + "), ("%20", " ")])
    func plus(text: String, decoded: String) {
        #expect(decodedText(of: text, plusIsSpace: true) == decoded)
    }

    @Test(
        "refuses a percent sign without two digits",
        arguments: [
            "%", "a%", "%4", "%4g", "%g4", "%%41", "%+1", "% 41", "%-1", "%é", "ok%2", "%@0", "%`0", "%/0", "%:0",
        ])
    func refuses(text: String) {
        #expect(decodedBytes(of: text) == nil)
        #expect(decodedBytes(of: text, plusIsSpace: true) == nil)
        #expect(decodedText(of: text) == nil)
    }

    @Test("every byte comes back, in both cases of the digits")
    func everyByte() {
        for byte in UInt8.min...UInt8.max {
            let digits = (byte < 16 ? "0" : "") + String(byte, radix: 16)
            #expect(decodedBytes(of: "%\(digits)") == [byte])
            #expect(decodedBytes(of: "%\(digits.uppercased())") == [byte])
        }
    }

    @Test(
        "text is what is UTF-8",
        arguments: [("%C3%A9", "é"), ("%F0%9F%98%80", "😀"), ("%00", "\0"), ("%41%CC%81", "A\u{301}")])
    func text(text: String, decoded: String) throws {
        #expect(try Array(#require(decodedText(of: text)).utf8) == Array(decoded.utf8))
    }

    @Test(
        "bytes that aren't UTF-8 are no text",
        arguments: ["%FF", "%C3", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "a%80"])
    func notUTF8(text: String) {
        #expect(decodedBytes(of: text) != nil)
        #expect(decodedText(of: text) == nil)
    }

    private func decodedBytes(of text: String, plusIsSpace: Bool = false) -> [UInt8]? {
        PercentDecoding.decode(text.utf8.span, plusIsSpace: plusIsSpace)
    }

    private func decodedText(of text: String, plusIsSpace: Bool = false) -> String? {
        PercentDecoding.text(text.utf8.span, plusIsSpace: plusIsSpace)
    }
}
