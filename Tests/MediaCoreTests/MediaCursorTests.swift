import MediaCore
import Testing

struct MediaCursorTests {
    @Test("its text names the last record and reads back")
    func roundTrip() throws {
        let media = try Media.sample()
        let cursor = MediaCursor(after: media, total: 1_000_000)
        #expect(cursor.text == "v1.1000000.c0mbi1v2e0123456789abcdef")
        #expect(MediaCursor(cursor.text) == cursor)
        #expect(MediaCursor(cursor.text)?.last == media.id)
    }

    @Test("every order's cursor reads back and has the value it is ordered by")
    func orders() throws {
        let media = try Media.sample()
        for field in MediaSort.Field.allCases {
            for isDescending in [true, false] {
                let cursor = MediaCursor(after: media, sort: MediaSort(field, isDescending: isDescending), total: 0)
                #expect(MediaCursor(cursor.text) == cursor, "\(cursor.text)")
            }
        }
        #expect(MediaCursor(after: media, sort: MediaSort(.size, isDescending: false), total: 1).value == "5000000000")
        #expect(MediaCursor(after: media, sort: MediaSort(.name, isDescending: true), total: 1).value == "Cover.JPEG")
    }

    @Test(
        "refuses what no page gave",
        arguments: [
            "", "v1", "v1.", "cjld2cjxh0000qzrmn831i7rn", "v1.cjld2cjxh0000qzrmn831i7rn",
            "v2.1.cjld2cjxh0000qzrmn831i7rn", "V1.1.cjld2cjxh0000qzrmn831i7rn", "v1.1.cjld2cjxh0000qzrmn831i7r",
            "v1.1.cjld2cjxh0000qzrmn831i7rnn", "v1.1.Cjld2cjxh0000qzrmn831i7rn", "v1.v1.cjld2cjxh0000qzrmn831i7rn",
            " v1.1.cjld2cjxh0000qzrmn831i7rn", "v1.1.cjld2cjxh0000qzrmn831i7rn ", "v1.-1.cjld2cjxh0000qzrmn831i7rn",
            "v1.9007199254740993.cjld2cjxh0000qzrmn831i7rn",
            "v1.1.updatedAt.LTk5OTk5OTk5OTk5OTk5OTk5.cjld2cjxh0000qzrmn831i7rn",
            "v1.1.size.LTE.cjld2cjxh0000qzrmn831i7rn", "v1.01.cjld2cjxh0000qzrmn831i7rn",
            "v1.9999999999999999999.cjld2cjxh0000qzrmn831i7rn",
            "v1.1.-createdAt..cjld2cjxh0000qzrmn831i7rn", "v1.1.createdAt.YQ.cjld2cjxh0000qzrmn831i7rn",
            "v1.1.size.YQ.cjld2cjxh0000qzrmn831i7rn", "v1.1.age.MQ.cjld2cjxh0000qzrmn831i7rn",
            "v1.1.size.M.cjld2cjxh0000qzrmn831i7rn", "v1..cjld2cjxh0000qzrmn831i7rn",
            "v1.1.size.MQ.x.cjld2cjxh0000qzrmn831i7rn", "v1.1.' OR 1=1 -- 0123456789012",
        ])
    func refuses(text: String) {
        #expect(MediaCursor(text) == nil)
    }
}
