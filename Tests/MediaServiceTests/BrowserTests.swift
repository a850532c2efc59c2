import Foundation
import MediaCore
import MediaTesting
import Testing

/// A lesson's page in a real browser: a picture and a video that are private, by signed links and by cookie.
@Suite(.serialized) struct BrowserTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let browser: Browser
    private let platform: ChildProcess
    private let folder: TemporaryFolder
    private let pages: String
    private let picture: String
    private let video: String

    init() throws {
        instance = try ServiceInstance(settings: [
            "MEDIA_DECISION_CACHE": "2", "MEDIA_JWT_SECRET": TestIssuer.secret,
        ])
        client = try instance.client()
        folder = try TemporaryFolder()
        // Large enough that a browser doesn't have it all when it seeks.
        let file = "\(folder.path)/lecture.mp4"
        try Command.run(
            "ffmpeg",
            [
                "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=60", "-c:v",
                "libx264",
                "-preset", "ultrafast", "-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "4M", "-pix_fmt",
                "yuv420p", "-movflags", "+faststart", file,
            ])
        let query = "entityType=lesson&entityId=l1"
        let bytes = Array(try Data(contentsOf: URL(filePath: file)))
        video = try client.upload(bytes, name: "lecture.mp4", user: "olga", query: query).id
        picture = try client.upload(Samples.jpeg("browser"), name: "cover.jpg", user: "olga", query: query).id
        // The platform is another origin.
        let port = try Port.free()
        platform = try ChildProcess(
            "python3", ["-u", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", folder.path],
            output: "\(folder.path)/log")
        pages = "http://localhost:\(port)"
        let pages = pages
        try #require(eventually { (try? HTTPClient(baseURL: pages).get("/"))?.status == 200 })
        browser = try Browser()
    }

    private func link(_ id: String) throws -> String {
        let answer = try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(#"{"expiresIn":600}"#))
        try #require(answer.status == 201, "\(answer.text)")
        return answer.json.text("url")
    }

    /// Writes a lesson's page and says where it is.
    private func lesson(picture: String, video: String) throws -> String {
        let page = """
            <!DOCTYPE html><title>Lesson</title>
            <img id="picture" src="\(picture.replacing("&", with: "&amp;"))">
            <video id="video" preload="metadata" muted src="\(video.replacing("&", with: "&amp;"))"></video>
            """
        _ = try folder.file("lesson.html", Array(page.utf8))
        return "\(pages)/lesson.html"
    }

    /// Whether picture and video come to be shown, or both come to fail.
    private func shows(_ isShown: Bool) throws -> Bool {
        let script = """
            const picture = document.getElementById('picture'), video = document.getElementById('video');
            return [picture.complete && picture.naturalWidth === 16, picture.complete && picture.naturalWidth === 0,
                video.readyState >= 1 && Math.round(video.duration) === 60, video.error !== null];
            """
        return try eventually(within: 15) {
            try browser.run(script).array?.map(\.bool)
                == (isShown ? [true, false, true, false] : [false, true, false, true])
        }
    }

    @Test("a signed picture, a signed video that seeks, and neither once the links are revoked")
    func signed() throws {
        try browser.open(try lesson(picture: link(picture), video: link(video)))
        #expect(try shows(true))
        _ = try browser.run("document.getElementById('video').currentTime = 50")
        let hasSought = try eventually(within: 15) {
            let state = try browser.run(
                "const v = document.getElementById('video'); return [v.seeking, v.readyState >= 2, v.currentTime >= 50]"
            )
            return state.array?.map(\.bool) == [false, true, true]
        }
        #expect(hasSought)
        // By a range from the middle of the file, not by loading all of it.
        let isByRange = eventually {
            instance.folders.log("access.log").split(separator: "\n").contains { line in
                line.contains(video) && line.contains("\"status\":206")
                    && (line.firstMatch(of: /"range":"bytes=([0-9]+)-/).flatMap { Int($0.1) } ?? 0) > 5_000_000
            }
        }
        #expect(isByRange, "\(instance.folders.log("access.log"))")
        for id in [picture, video] { #expect(try client.delete("/v1/media/\(id)/links").status == 204) }
        Thread.sleep(forTimeInterval: 2.5)
        try browser.reload()
        let isGone = try shows(false)
        let state = try browser.run(
            """
            const v = document.getElementById('video'), p = document.getElementById('picture');
            return [p.complete, p.naturalWidth, v.readyState, v.duration, v.error ? v.error.code : 0].join()
            """)
        #expect(isGone, "\(state) \(instance.folders.log("access.log").suffix(3000))")
    }

    @Test("who is enrolled sees by cookie what who isn't doesn't, and is told so in words")
    func cookie() throws {
        let base = instance.baseURL
        let page = try lesson(picture: "\(base)/m/\(picture)", video: "\(base)/m/\(video)")
        try browser.open(page)
        #expect(try shows(false), "without a cookie")
        try browser.setCookie("media_token", TestIssuer().token("ned", entities: ["lesson:l1"]))
        try browser.reload()
        #expect(try shows(true), "enrolled")
        try browser.setCookie("media_token", TestIssuer().token("mia", entities: ["lesson:l2"]))
        try browser.reload()
        #expect(try shows(false), "not enrolled")
        try browser.open("\(base)/m/\(picture)")
        #expect(try browser.text().contains("This file isn't here for you"))
        #expect(try browser.run("return document.contentType").string == "text/html")
        try browser.setCookie("media_token", TestIssuer().token(claims: #"{"sub":"ned","exp":1}"#))
        try browser.open("\(base)/m/\(picture)")
        #expect(try browser.text().contains("Please sign in"))
        try browser.setCookie("media_token", TestIssuer().token("ned", entities: ["lesson:l1"]))
        try browser.open("\(base)/m/\(picture)")
        #expect(try browser.run("return document.images[0].naturalWidth").integer == 16)
    }

    @Test("a file that carries a script runs none, opened by itself or in a frame")
    func script() throws {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>document.documentElement.id='ran'</script></svg>"
        let record = try client.upload(Array(svg.utf8), name: "a.svg", user: "eve", query: "isPublic=true")
        let frame =
            "<!DOCTYPE html><title>Frame</title><iframe id=f src=\"\(record.text("url"))\"></iframe><p>below</p>"
        _ = try folder.file("frame.html", Array(frame.utf8))
        try browser.open("\(pages)/frame.html")
        #expect(try browser.text().contains("below"))
        // As a download it leaves the page that was there.
        try browser.open(record.text("url"))
        #expect(try browser.run("return document.documentElement.id === 'ran'").bool == false)
        #expect(try browser.run("return document.title").string == "Frame")
        let inline = try client.upload(
            Samples.jpeg("<script>document.title='ran'</script>"), name: "a.jpg", user: "eve", query: "isPublic=true")
        try browser.open(inline.text("url"))
        #expect(try browser.run("return document.title").string != "ran")
    }
}
