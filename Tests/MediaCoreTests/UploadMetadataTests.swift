import MediaCore
import Testing

struct UploadMetadataTests {
    @Test(
        "pairs of a key and a value in base 64",
        arguments: [
            ("", [:]), ("  ", [:]), ("filename YS50eHQ=", ["filename": "a.txt"]),
            ("filename YS50eHQ=,is_confidential", ["filename": "a.txt", "is_confidential": ""]),
            ("a w6k=, b  Pz8/", ["a": "é", "b": "???"]), ("a ", ["a": ""]),
        ] as [(String, [String: String])])
    func good(text: String, values: [String: String]) throws {
        #expect(try UploadMetadata.parse(text) == values)
    }

    @Test(
        "what is none",
        arguments: [
            ",", "a YQ==,", "a YQ==,a Yg==", "a b c", "a YQ", "a YQ=", "a Y-==", "a /w==", "é YQ==", "a YQ==\u{1}",
            "a ====",
        ])
    func bad(text: String) {
        #expect(throws: UploadMetadata.Failure.self) { try UploadMetadata.parse(text) }
    }

    @Test("CRC-32C of what RFC 3720 §B.4 and others give, however it comes in pieces")
    func crc() {
        func crc(_ bytes: [UInt8], _ size: Int = 1000) -> [UInt8] {
            var crc = CRC32C()
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { crc.update($0) }
            }
            return crc.value
        }
        #expect(crc([UInt8](repeating: 0, count: 32)) == [0x8A, 0x91, 0x36, 0xAA])
        #expect(crc([UInt8](repeating: 0xFF, count: 32)) == [0x62, 0xA8, 0xAB, 0x43])
        #expect(crc(Array(0..<32)) == [0x46, 0xDD, 0x79, 0x4E])
        #expect(crc(Array("123456789".utf8)) == [0xE3, 0x06, 0x92, 0x83])
        #expect(crc([]) == [0, 0, 0, 0])
        for size in 1...9 { #expect(crc(Array(0..<32), size) == [0x46, 0xDD, 0x79, 0x4E]) }
    }

    @Test(
        "a moment as header fields have it",
        arguments: [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_798_000_000_999, "Wed, 23 Dec 2026 04:26:40 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String)])
    func httpDate(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).httpDate == text)
    }

    @Test("a grant comes back as it was")
    func grant() throws {
        for grant in [
            UploadGrant(userID: "ü", expiresAt: Timestamp(milliseconds: 5000)),
            UploadGrant(
                userID: "u", entity: EntityReference(type: "lesson", id: "l1"), maxBytes: 7, types: "IMAGE,text/plain",
                expiresAt: Timestamp(milliseconds: 6000)),
        ] { #expect(UploadGrant(grant.json) == grant) }
        #expect(UploadGrant(.object([])) == nil && UploadGrant(.null) == nil)
    }

    @Test("numbers with nothing behind their point are whole", arguments: ["60.0", "6e1", "-1.0e2", "0.0"])
    func whole(text: String) throws {
        let value = try JSONParser.parse(Array(text.utf8))
        #expect(value.wholeNumber.map(Double.init) == Double(text))
    }

    @Test("and others aren't", arguments: ["1.5", "1e300", "9007199254740993.0e1", "\"1\"", "1"])
    func fraction(text: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).wholeNumber == nil)
    }
}
