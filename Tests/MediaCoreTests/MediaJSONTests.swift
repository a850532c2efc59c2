import MediaCore
import Testing

struct MediaJSONTests {
    @Test("a record has the seed's fields in the seed's order, then the service's own; unset ones are null")
    func unset() throws {
        let text = try Media.sample().json(baseURL: "https://media.example").text
        #expect(
            text == """
                {"id":"c0mbi1v2e0123456789abcdef","type":"IMAGE","originalName":"Cover.JPEG",\
                "mimeType":"image/jpeg","size":5000000000,"url":"https://media.example/m/c0mbi1v2e0123456789abcdef",\
                "userId":"user-1","entityId":null,"entityType":null,"metadata":null,"isPublic":false,\
                "status":"READY","createdAt":"2026-01-31T09:05:00.042Z","updatedAt":"2026-01-31T09:05:01.000Z",\
                "title":null,"sha256":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",\
                "revision":1,"failureReason":null,"deletedAt":null,"version":1,"details":null,"variants":[]}
                """)
        #expect(try JSONParser.parse(Array(text.utf8)).object?.map(\.name) == Media.fieldNames)
    }

    @Test("fields that are set stand as they are")
    func set() throws {
        let metadata = JSON.object([.init("width", .integer(640)), .init("alt", .string("é"))])
        let json = try Media.sample(
            metadata: metadata, entityID: "lesson-9", entityType: "lesson", title: "A \"cover\"", isPublic: true
        ).json(baseURL: "")
        #expect(json["metadata"] == metadata)
        #expect(json["entityId"] == .string("lesson-9"))
        #expect(json["entityType"] == .string("lesson"))
        #expect(json["title"] == .string("A \"cover\""))
        #expect(json["isPublic"] == .bool(true))
    }

    @Test(
        "what was measured of the file stands in the metadata, unless the platform's own does; sent back it isn't kept")
    func measures() throws {
        func parsed(_ text: String) throws -> JSON { try JSONParser.parse(Array(text.utf8)) }
        var media = try Media.sample(metadata: parsed(#"{"alt":"x","height":7}"#))
        media.details = try parsed(#"{"width":640,"height":480,"duration":1.5,"make":"Phone","pages":null}"#)
        let shown = try #require(media.json(baseURL: "")["metadata"])
        #expect(try shown == parsed(#"{"alt":"x","height":7,"width":640,"duration":1.5}"#))
        #expect(media.ownMetadata(shown) == media.metadata)
        media.metadata = nil
        #expect(
            try media.json(baseURL: "")["metadata"] == parsed(#"{"width":640,"height":480,"duration":1.5}"#))
        #expect(try media.ownMetadata(parsed(#"{"width":640,"height":480,"duration":1.50}"#)) == nil)
        #expect(try media.ownMetadata(parsed(#"{"width":641}"#)) == parsed(#"{"width":641}"#))
        #expect(media.ownMetadata(.object([])) == .object([]) && media.ownMetadata(nil) == nil)
    }

    @Test(
        "the URL is the public one exactly while the record is public and READY",
        arguments: MediaStatus.allCases, [true, false])
    func url(status: MediaStatus, isPublic: Bool) throws {
        let media = try Media.sample(isPublic: isPublic, status: status)
        let isPublished = isPublic && status == .ready
        #expect(media.isPublished == isPublished)
        #expect(
            media.url(baseURL: "https://x")
                == (isPublished
                    ? "https://x/p/c0mbi1v2e0123456789abcdef/cover.jpg" : "https://x/m/c0mbi1v2e0123456789abcdef"))
    }

    @Test("a public name is encoded in the URL")
    func encodedURL() throws {
        let media = try Media.sample(isPublic: true, publicName: "Übung.pdf")
        #expect(media.url(baseURL: "").hasSuffix("/%C3%9Cbung.pdf"))
    }

    @Test("kinds and states are named as in the seed")
    func names() {
        #expect(MediaType.allCases.map(\.rawValue) == ["IMAGE", "VIDEO", "AUDIO", "DOCUMENT", "OTHER"])
        #expect(MediaStatus.allCases.map(\.rawValue) == ["PROCESSING", "READY", "FAILED", "DELETED"])
    }
}
