import MediaCore
import Testing

struct HexTests {
    @Test(
        "writes two lower-case digits for a byte",
        arguments: [([], ""), ([0], "00"), ([0x0F, 0xF0], "0ff0"), ([0xDE, 0xAD, 0xBE, 0xEF], "deadbeef")]
            as [([UInt8], String)])
    func encode(bytes: [UInt8], text: String) {
        #expect(Hex.encode(bytes) == text)
    }

    @Test(
        "reads digits of either case",
        arguments: [
            ("", []), ("00ff", [0x00, 0xFF]), ("DEADbeef", [0xDE, 0xAD, 0xBE, 0xEF]), ("9a9A", [0x9A, 0x9A]),
        ]
            as [(String, [UInt8])])
    func decode(text: String, bytes: [UInt8]) {
        #expect(Hex.decode(text) == bytes)
    }

    @Test(
        "refuses what isn't pairs of digits",
        arguments: ["0", "abc", "0g", "g0", "/0", ":0", "@0", "`0", "0x", " 0", "00 ", "+1", "-1", "é", "００", "00\0\0"])
    func refuses(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("every byte has a text of its own that reads back")
    func everyByte() {
        let texts = (UInt8.min...UInt8.max).map { Hex.encode([$0]) }
        #expect(Set(texts).count == 256)
        #expect(texts.map { Hex.decode($0) } == (UInt8.min...UInt8.max).map { [$0] })
        #expect(texts.map { Hex.decode($0.uppercased()) } == (UInt8.min...UInt8.max).map { [$0] })
    }
}
