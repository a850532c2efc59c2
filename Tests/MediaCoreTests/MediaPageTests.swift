import MediaCore
import Testing

struct MediaPageTests {
    @Test(
        "counts pages, the last one not always full",
        arguments: [
            (0, 10, 0), (1, 10, 1), (9, 10, 1), (10, 10, 1), (11, 10, 2), (100, 10, 10), (101, 10, 11), (5, 1, 5),
            (4_000_000_000_000, 100, 40_000_000_000), (.max, 1, .max), (.max, 2, .max / 2 + 1),
        ] as [(Int64, Int, Int64)])
    func totalPages(total: Int64, limit: Int, pages: Int64) {
        let page = MediaPage(media: [], total: total, page: 1, limit: limit, nextCursor: nil)
        #expect(page.totalPages == pages)
    }

    @Test("is the platform's page object and the cursor, which is null at the end")
    func empty() {
        let page = MediaPage(media: [], total: 0, page: 1, limit: 10, nextCursor: nil)
        #expect(
            page.json { $0.json(baseURL: "https://x") }.text
                == #"{"media":[],"total":0,"page":1,"limit":10,"totalPages":0,"nextCursor":null}"#)
    }

    @Test("carries the records in their order, under the base URL, and the cursor's text")
    func records() throws {
        let first = try Media.sample(title: "first")
        let second = try Media.sample(title: "second", isPublic: true)
        let page = MediaPage(
            media: [first, second], total: 32, page: 2, limit: 2, nextCursor: MediaCursor(after: second, total: 32))
        let json = page.json { $0.json(baseURL: "https://media.example") }
        #expect(json["media"]?.array?.map { $0["title"]?.string } == ["first", "second"])
        #expect(
            json["media"]?.array?.map { $0["url"]?.string } == [
                "https://media.example/m/c0mbi1v2e0123456789abcdef",
                "https://media.example/p/c0mbi1v2e0123456789abcdef/cover.jpg",
            ])
        #expect(json["page"] == .integer(2))
        #expect(json["limit"] == .integer(2))
        #expect(json["total"] == .integer(32))
        #expect(json["totalPages"] == .integer(16))
        #expect(json["nextCursor"] == .string("v1.32.c0mbi1v2e0123456789abcdef"))
    }
}
