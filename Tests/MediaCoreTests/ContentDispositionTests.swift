import MediaCore
import Testing

struct ContentDispositionTests {
    @Test(
        "plain names stand as they are",
        arguments: ["a.jpg", "My photo (1).png", "a'b;c=d,e.txt", "~!@#$^&*.bin"], [true, false])
    func plain(name: String, isInline: Bool) {
        let header = ContentDisposition.header(isInline: isInline, fileName: name)
        #expect(header == "\(isInline ? "inline" : "attachment"); filename=\"\(name)\"")
    }

    @Test(
        "other names stand twice, for old clients and in full (RFC 6266 §4.3)",
        arguments: [
            ("é.jpg", "_.jpg", "%C3%A9.jpg"), ("e\u{301}.jpg", "e_.jpg", "e%CC%81.jpg"),
            ("€ rates.pdf", "_ rates.pdf", "%E2%82%AC%20rates.pdf"), ("😀", "_", "%F0%9F%98%80"),
            ("a\"b.txt", "a_b.txt", "a%22b.txt"), ("a\\b", "a_b", "a%5Cb"), ("50%20.txt", "50_20.txt", "50%2520.txt"),
            ("a\r\nX-Evil: 1", "a__X-Evil: 1", "a%0D%0AX-Evil%3A%201"), ("a\0b\u{7F}", "a_b_", "a%00b%7F"),
            ("\u{212A}.jpg", "_.jpg", "%E2%84%AA.jpg"), ("\u{37E}", "_", "%CD%BE"),
            ("学'习*", "_'_*", "%E5%AD%A6%27%E4%B9%A0%2A"),
        ])
    func extended(name: String, ascii: String, encoded: String) {
        #expect(
            ContentDisposition.header(isInline: false, fileName: name)
                == "attachment; filename=\"\(ascii)\"; filename*=UTF-8''\(encoded)")
    }

    @Test("no name breaks out of the header's line or quotes")
    func anyName() throws {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<5000 {
            let name = generator.text(maxLength: 20)
            let header = ContentDisposition.header(isInline: true, fileName: name)
            try #require(header.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            try #require(header.utf8.filter { $0 == UInt8(ascii: "\"") }.count == 2)
            try #require(!header.contains("\\"))
            guard let marker = header.firstRange(of: "\"; filename*=UTF-8''") else {
                try #require(header == "inline; filename=\"\(name)\"")
                continue
            }
            try #require(percentDecoded(header[marker.upperBound...]) == Array(name.utf8))
        }
    }
}
