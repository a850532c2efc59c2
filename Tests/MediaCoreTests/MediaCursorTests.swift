import MediaCore
import Testing

struct MediaCursorTests {
    @Test("its text names the last record and reads back")
    func roundTrip() throws {
        let id = try #require(MediaID("cjld2cjxh0000qzrmn831i7rn"))
        let cursor = MediaCursor(after: id)
        #expect(cursor.text == "v1.cjld2cjxh0000qzrmn831i7rn")
        #expect(MediaCursor(cursor.text) == cursor)
        #expect(MediaCursor(cursor.text)?.last == id)
    }

    @Test(
        "refuses what no page gave",
        arguments: [
            "", "v1", "v1.", "cjld2cjxh0000qzrmn831i7rn", "v2.cjld2cjxh0000qzrmn831i7rn",
            "V1.cjld2cjxh0000qzrmn831i7rn", "v1.cjld2cjxh0000qzrmn831i7r", "v1.cjld2cjxh0000qzrmn831i7rnn",
            "v1.Cjld2cjxh0000qzrmn831i7rn", "v1.v1.cjld2cjxh0000qzrmn831i7rn", " v1.cjld2cjxh0000qzrmn831i7rn",
            "v1.cjld2cjxh0000qzrmn831i7rn ", "v1..cjld2cjxh0000qzrmn831i7rn", "v1.' OR 1=1 -- 0123456789012",
        ])
    func refuses(text: String) {
        #expect(MediaCursor(text) == nil)
    }
}
