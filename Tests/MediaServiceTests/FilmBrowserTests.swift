import Foundation
import MediaCore
import MediaTesting
import Testing

/// A private lecture in a real browser: the page has a link, and the player finds everything by it.
struct FilmBrowserTests {
    @Test("a private film plays and seeks from its link, shows its poster, and is gone with its link")
    func plays() throws {
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_VIDEO_SIZES": "240,360", "MEDIA_DECISION_CACHE": "1",
                "MEDIA_CORS_ORIGINS": "*",
            ])
        let client = try instance.client()
        try instance.startHousekeeper()
        let media = try client.upload(Films.bytes("lecture.mp4"), name: "l.mp4", user: "u")
        #expect(
            try eventually(within: 60) {
                try client.get("/v1/media/\(media.id)/processing").json.text("state") == "DONE"
            })
        let link = try client.json("POST", "/v1/media/\(media.id)/links", #"{"expiresIn":600}"#).json
        let stream = try #require(link["streamUrl"]?.string)
        let query = try #require(link.text("url").split(separator: "?").last)
        let poster = "\(instance.baseURL)/m/\(media.id)/poster.jpg?\(query)"
        let folder = try TemporaryFolder()
        let page = """
            <!DOCTYPE html><title>Lecture</title><body style="margin:0">
            <video id="video" muted crossorigin="anonymous" width="640" poster="\(poster.replacing("&", with: "&amp;"))"
             src="\(stream.replacing("&", with: "&amp;"))"></video>
            """
        _ = try folder.file("page.html", Array(page.utf8))
        // The platform is another origin.
        let port = try Port.free()
        let platform = try ChildProcess(
            "python3", ["-u", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", folder.path],
            output: "\(folder.path)/log")
        let pages = HTTPClient(baseURL: "http://localhost:\(port)")
        try #require(eventually { (try? pages.get("/"))?.status == 200 })
        let browser = try Browser()
        try browser.open("http://localhost:\(port)/page.html")
        func state(_ script: String) throws -> JSON {
            try browser.run("const video = document.getElementById('video'); \(script)")
        }
        _ = try state("video.play(); return null;")
        let isPlaying = try eventually(within: 20) { try state("return video.currentTime > 0.5;") == .bool(true) }
        let fault = try state("return [video.readyState, video.error && video.error.message, video.duration];")
        #expect(isPlaying, "\(fault.text)")
        let size = try state("return [video.videoWidth, video.videoHeight, Math.round(video.duration)];")
        #expect(["[426,240,9]", "[640,360,9]"].contains(size.text), "\(size.text)")
        // Into the last segment, and back into the first.
        for time in [8.2, 1.2] {
            _ = try state("video.currentTime = \(time); return null;")
            let isThere = try eventually(within: 20) {
                try state(
                    "return !video.seeking && video.readyState >= 3 && Math.abs(video.currentTime - \(time)) < 1.5;")
                    == .bool(true)
            }
            let found = try state("return [video.currentTime, video.readyState];")
            #expect(isThere, "\(found.text)")
        }
        // What is shown is the film: the test picture has many colours.
        let colours = try state(
            """
            const canvas = document.createElement('canvas'); canvas.width = 64; canvas.height = 36;
            const context = canvas.getContext('2d'); context.drawImage(video, 0, 0, 64, 36);
            const data = context.getImageData(0, 0, 64, 36).data, seen = new Set();
            for (let i = 0; i < data.length; i += 4) seen.add((data[i] >> 5) + ',' + (data[i + 1] >> 5) + ',' + (data[i + 2] >> 5));
            return seen.size;
            """)
        #expect(colours.integer ?? 0 > 10, "\(colours.text)")
        #expect(try client.send("DELETE", "/v1/media/\(media.id)/links/\(link.text("id"))").status == 204)
        sleep(2)
        try browser.reload()
        _ = try state("video.play().catch(() => {}); return null;")
        #expect(try eventually(within: 20) { try state("return video.error !== null;") == .bool(true) })
        withExtendedLifetime(platform) {}
    }
}
