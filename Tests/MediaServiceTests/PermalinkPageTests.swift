import MediaCore
import MediaTesting
import Testing

/// What a browser and a program are told at a permalink that they have no right to.
struct PermalinkPageTests {
    private static let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

    private let client: HTTPClient
    private let stranger: HTTPClient
    private let id: String

    init() throws {
        client = try SharedInstance.client()
        stranger = try SharedInstance.instance().anonymous
        id = try client.upload(Samples.png("page"), name: "a.png", user: "page").id
    }

    @Test("a browser gets a page for people, with nothing of the file in it")
    func page() throws {
        for path in ["/m/\(id)", "/m/c00000000000000000000000a", "/m/<script>alert(1)</script>"] {
            let answer = try stranger.get(path, headers: ["Accept": Self.browser])
            #expect(answer.status == 404 && answer["Content-Type"] == "text/html; charset=utf-8")
            #expect(answer.text.contains("<h1>This file isn't here for you</h1>"))
            #expect(!answer.text.contains("<script>") && !answer.text.contains("a.png"))
            #expect(answer.all("Cache-Control") == ["no-store"] && answer["Vary"] == "Accept")
            #expect(answer["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
            let requestID = try #require(answer["X-Request-Id"])
            #expect(answer.text.contains(requestID))
        }
    }

    @Test("the page for what isn't there and for what isn't yours are the same")
    func same() throws {
        let pages = try ["/m/\(id)", "/m/c00000000000000000000000a"].map {
            let answer = try stranger.get($0, headers: ["Accept": Self.browser])
            return answer.text.replacing(answer["X-Request-Id"] ?? "", with: "")
        }
        #expect(pages[0] == pages[1])
    }

    @Test(
        "all others get problem details",
        arguments: ["", "*/*", "image/avif,image/webp,*/*", "application/json", "application/json,text/html"])
    func program(accept: String) throws {
        let answer = try stranger.get("/m/\(id)", headers: ["Accept": accept])
        answer.expectProblem(404, "not_found")
        #expect(answer["Vary"] == "Accept")
    }

    @Test("whoever may have the file gets it, however it is asked for")
    func allowed() throws {
        #expect(try client.get("/m/\(id)", headers: ["Accept": Self.browser]).body == Samples.png("page"))
    }

    @Test("an expired link says so to people")
    func link() throws {
        let made = try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(#"{"expiresIn":1}"#))
        let url = made.json.text("url")
        #expect(try eventually(within: 5) { try stranger.get(url, headers: ["Accept": Self.browser]).status == 403 })
        #expect(
            try stranger.get(url, headers: ["Accept": Self.browser]).text.contains("<h1>This link has expired.</h1>"))
    }
}
