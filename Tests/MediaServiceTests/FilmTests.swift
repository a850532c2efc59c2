import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Films, sounds and documents, made ready by `mediad work` with the programs of others.
struct FilmTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_IMAGE_FORMATS": "webp,jpeg",
                "MEDIA_IMAGE_PRESETS": "thumb=80x80:cover,big=1600",
                "MEDIA_AUDIO_FORMATS": "aac,opus,mp3", "MEDIA_RETENTION": "0", "MEDIA_HOUSEKEEPING_INTERVAL": "1",
                "MEDIA_VIDEO_SIZES": "240,360,720", "MEDIA_JOB_PAUSE": "1", "MEDIA_TOOL_TIMEOUT": "40s",
            ])
        client = try instance.client()
        try instance.startHousekeeper()
    }

    /// Uploads a file and waits until nothing more is made of it.
    private func processed(_ bytes: [UInt8], _ name: String, query: String = "") throws -> JSON {
        let media = try client.upload(bytes, name: name, user: "u", query: query)
        let isDone = try eventually(within: 120) {
            let state = try client.get("/v1/media/\(media.id)/processing").json.text("state")
            return state != "WAITING" && state != "RUNNING"
        }
        try #require(isDone, "\(instance.folders.log("work.log").suffix(3000))")
        return try client.get("/v1/media/\(media.id)").json
    }

    private func names(_ media: JSON) -> Set<String> {
        Set(
            (media["variants"]?.array ?? []).map {
                $0.text("url").split(separator: "/").last?.split(separator: "?").first.map(String.init) ?? ""
            })
    }

    private func variant(_ media: JSON, _ name: String) throws -> HTTPResponse {
        let file = try client.get("/m/\(media.id)/\(name)")
        try #require(file.status == 200, "\(name): \(file.status)")
        return file
    }

    private func sides(_ media: JSON, _ name: String) throws -> String {
        let probe = try Films.probe(variant(media, name).body)
        let video = probe["streams"]?.array?.first { $0["codec_type"] == .string("video") }
        return "\(video?["width"]?.integer ?? 0)x\(video?["height"]?.integer ?? 0)"
    }

    @Test("a lecture plays in renditions that are never larger than it, with poster, storyboard and one whole file")
    func lecture() throws {
        let media = try processed(Films.bytes("lecture.mp4"), "lecture.mp4", query: "isPublic=true")
        try #require(media.text("status") == "READY", "\(media.text)")
        #expect(
            names(media) == [
                "hls.m3u8", "240p.m3u8", "240p.mp4", "360p.m3u8", "360p.mp4", "720p.m3u8", "720p.mp4", "video.mp4",
                "poster.jpg", "storyboard.jpg", "storyboard.vtt", "thumb.webp", "thumb.jpg",
            ])
        #expect(media["details"]?["width"] == .integer(1280) && media["details"]?["height"] == .integer(720))
        #expect(media["details"]?["duration"]?.double.map { abs($0 - 9) < 0.2 } == true)
        let master = try variant(media, "hls.m3u8")
        #expect(master["Content-Type"] == "application/vnd.apple.mpegurl")
        let lines = master.text.split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("#EXT-X-STREAM-INF:") }.count == 3)
        #expect(master.text.contains("RESOLUTION=426x240,FRAME-RATE=25.0,CODECS=\"avc1.6400"), "\(master.text)")
        // Each segment is a range of one file, and begins with a key frame at the same moment in each rendition.
        var starts: [[String]] = []
        for name in ["240p", "360p", "720p"] {
            let playlist = try variant(media, "\(name).m3u8").text
            #expect(
                playlist.contains("#EXT-X-MAP:URI=\"\(name).mp4\",BYTERANGE=") && playlist.contains("#EXT-X-ENDLIST"))
            starts.append(playlist.split(separator: "\n").filter { $0.hasPrefix("#EXTINF") }.map(String.init))
            let range = try #require(playlist.split(separator: "\n").first { $0.hasPrefix("#EXT-X-BYTERANGE:") })
            let numbers = range.split(separator: ":")[1].split(separator: "@").compactMap { Int($0) }
            let part = try client.get(
                "/m/\(media.id)/\(name).mp4", headers: ["Range": "bytes=\(numbers[1])-\(numbers[1] + numbers[0] - 1)"])
            #expect(part.status == 206 && part.body.count == numbers[0])
            // Of ISO BMFF: a segment is a `moof`, maybe behind its index.
            #expect(["moof", "sidx", "styp"].contains(String(decoding: part.body[4..<8], as: UTF8.self)))
        }
        #expect(Set(starts).count == 1 && starts[0].count == 3, "\(starts)")
        #expect(try sides(media, "720p.mp4") == "1280x720" && sides(media, "video.mp4") == "1280x720")
        let whole = try variant(media, "video.mp4").body
        let moov = Data(whole).range(of: Data("moov".utf8))?.lowerBound ?? .max
        #expect(moov < (Data(whole).range(of: Data("mdat".utf8))?.lowerBound ?? 0))
        #expect(try Pictures.look(variant(media, "poster.jpg").body)["width"] == .integer(1280))
        let board = try variant(media, "storyboard.vtt").text
        #expect(board.hasPrefix("WEBVTT\n") && board.contains("storyboard.jpg#xywh=160,0,160,90"), "\(board)")
        #expect(try Pictures.look(variant(media, "storyboard.jpg").body)["width"] == .integer(160 * 9))
        // Public: all of it by nginx alone.
        let path = "/p/\(media.id)"
        #expect(try instance.anonymous.get("\(path)/hls.m3u8")["Content-Type"] == "application/vnd.apple.mpegurl")
        let part = try instance.anonymous.get("\(path)/240p.mp4", headers: ["Range": "bytes=0-7"])
        // Its name may get another content.
        #expect(part.status == 206 && part["Cache-Control"] == "public, no-cache")
    }

    private static let odd: [(String, String, String, Set<String>)] = [
        ("screen.mkv", "1000x562", "640x360", ["240p.mp4", "360p.mp4"]),
        ("silent.webm", "640x360", "640x360", ["240p.mp4", "360p.mp4"]),
        ("tiny.mp4", "130x98", "130x98", ["240p.mp4"]),
        ("portrait.mp4", "360x640", "360x640", ["240p.mp4", "360p.mp4"]),
        ("uneven.mp4", "640x360", "640x360", ["240p.mp4", "360p.mp4"]),
        ("hdr.mp4", "640x360", "640x360", ["240p.mp4", "360p.mp4"]),
    ]

    @Test("recordings of screens and phones, silent, tiny, uneven and HDR ones play, too", arguments: odd)
    func oddities(name: String, shown: String, largest: String, files: Set<String>) throws {
        let media = try processed(Films.bytes(name), name)
        try #require(media.text("status") == "READY", "\(media.text)")
        let details = try #require(media["details"])
        #expect("\(details["width"]?.integer ?? 0)x\(details["height"]?.integer ?? 0)" == shown, "\(details.text)")
        #expect(names(media).filter { $0.hasSuffix("p.mp4") } == files, "\(names(media))")
        let last = try #require(files.max())
        #expect(try sides(media, last) == largest)
        let probe = try Films.probe(variant(media, last).body)
        let video = try #require(probe["streams"]?.array?.first { $0["codec_type"] == .string("video") })
        #expect(video["pix_fmt"] == .string("yuv420p") && video["side_data_list"] == nil, "\(video.text)")
        #expect((details["isHDR"] == .bool(true)) == (name == "hdr.mp4"))
        #expect(names(media).contains("poster.jpg") && names(media).contains("video.mp4"))
    }

    @Test("where the settings say so there are renditions in other codecs, which the playlist names")
    func codecs() throws {
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_VIDEO_SIZES": "240,360", "MEDIA_VIDEO_CODECS": "h264,vp9,av1",
                "MEDIA_IMAGE_PRESETS": "thumb=80x80:cover", "MEDIA_JOB_PAUSE": "1",
            ])
        try instance.startHousekeeper()
        let client = try instance.client()
        let id = try client.upload(Films.bytes("portrait.mp4"), name: "a.mp4", user: "u").id
        let isDone = try eventually(within: 120) {
            try client.get("/v1/media/\(id)/processing").json.text("state") == "DONE"
        }
        try #require(isDone, "\(instance.folders.log("work.log").suffix(3000))")
        let master = try client.get("/m/\(id)/hls.m3u8").text
        for (suffix, codec, name) in [("", "h264", "avc1."), ("-vp9", "vp9", "vp09.00."), ("-av1", "av1", "av01.0.")] {
            for side in [240, 360] {
                let rendition = "\(side)p\(suffix)"
                let lines = master.split(separator: "\n").map(String.init)
                let at = try #require(lines.firstIndex(of: "\(rendition).m3u8"), "\(master)")
                #expect(lines[at - 1].contains("CODECS=\"\(name)"), "\(lines[at - 1])")
                let probe = try Films.probe(client.get("/m/\(id)/\(rendition).mp4").body)
                let video = probe["streams"]?.array?.first { $0["codec_type"] == .string("video") }
                #expect(video?["codec_name"] == .string(codec) && video?["width"] == .integer(Int64(side)))
                #expect(probe["streams"]?.array?.contains { $0["codec_name"] == .string("aac") } == true)
                let playlist = try client.get("/m/\(id)/\(rendition).m3u8").text
                #expect(playlist.contains("#EXT-X-MAP:URI=\"\(rendition).mp4\"") && playlist.contains("#EXT-X-ENDLIST"))
            }
        }
    }

    @Test("a film that was deleted before all of it was made is completed when it comes back")
    func halfMade() throws {
        let media = try processed(Films.bytes("tiny.mp4"), "tiny.mp4")
        _ = try client.delete("/v1/media/\(media.id)")
        // As a deletion between first rendition and last leaves it.
        let connection = instance.connection()
        try connection.transaction { connection in
            let id = try #require(MediaID(media.id))
            let records = MediaRepository(connection)
            var record = try #require(try records.findForUpdate(id))
            let video = try #require(record.variants.first { $0.name == "video" })
            try VariantRepository(connection).remove(video, of: id)
            record.variants.removeAll { $0.name == "video" }
            try records.updateProcessed(record)
        }
        #expect(try client.post("/v1/media/\(media.id)/restore", .none).status == 200)
        #expect(
            try eventually(within: 60) { try names(client.get("/v1/media/\(media.id)").json).contains("video.mp4") })
    }

    @Test("chapters are a track; a broken film is FAILED with the reason")
    func chapters() throws {
        let media = try processed(Films.bytes("chapters.mp4"), "c.mp4")
        let track = try variant(media, "chapters.vtt")
        #expect(
            track.text.contains("00:00:01.500 --> 00:00:03.000\nEnd\n")
                && track["Content-Type"]?.hasPrefix("text/vtt") == true)
        #expect(media["details"]?["title"] == .string("A lecture"))
        let broken = try processed(Films.bytes("broken.mp4"), "b.mp4")
        #expect(broken.text("status") == "FAILED" && !broken.text("failureReason").isEmpty, "\(broken.text)")
        #expect(broken["variants"] == .array([]))
        let gap = try processed(Films.bytes("gap.mkv"), "gap.mkv")
        #expect(gap.text("failureReason").contains("43200 are the limit"), "\(gap.text)")
    }

    @Test("a phone's film tells others nothing of where it was made; its owner has it as it is")
    func place() throws {
        let bytes = try Films.bytes("place.mp4")
        func hasPlace(_ bytes: [UInt8]) throws -> Bool {
            try Films.probe(bytes)["format"]?["tags"]?["location"] == .string("+48.8577+002.2950/")
        }
        #expect(try hasPlace(bytes))
        let media = try processed(bytes, "p.mp4", query: "isPublic=true")
        let open = try instance.anonymous.get(String(media.text("url").dropFirst(instance.baseURL.count)))
        #expect(open.status == 200)
        #expect(try !hasPlace(open.body))
        let probe = try Films.probe(open.body)
        #expect(probe["streams"]?.array?.count == 2, "\(probe.text)")
        _ = try client.patch("/v1/media/\(media.id)", #"{"isPublic":false}"#)
        #expect(try client.get("/m/\(media.id)").body == bytes)
        #expect(try !hasPlace(variant(media, "240p.mp4").body) && !hasPlace(variant(media, "video.mp4").body))
    }

    @Test("captions are checked, converted and listed in the playlist, and stay when the film is made anew")
    func captions() throws {
        let media = try processed(Films.bytes("silent.webm"), "s.webm")
        let path = "/v1/media/\(media.id)/captions"
        func put(_ language: String, _ text: String) throws -> HTTPResponse {
            try client.send("PUT", "\(path)/\(language)", headers: ["Content-Type": "text/vtt"], .text(text))
        }
        let srt = "1\r\n00:00:00,500 --> 00:00:01,500\r\nGrüße\r\n"
        #expect(try put("de", srt).status == 200)
        #expect(try put("pt-BR", "WEBVTT\n\n00:00.500 --> 00:01.500\nOi\n").status == 200)
        #expect(try variant(media, "captions-de.vtt").text == "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nGrüße\n")
        #expect(try variant(media, "captions-de.m3u8").text.contains("captions-de.vtt"))
        func master() throws -> [String] {
            try variant(media, "hls.m3u8").text.split(separator: "\n").map(String.init).filter {
                $0.contains("SUBTITLES")
            }
        }
        let lines = try master()
        #expect(
            lines.count == 4 && lines[0].contains("LANGUAGE=\"de\"") && lines[1].contains("LANGUAGE=\"pt-br\""),
            "\(lines)")
        try put("de", "WEBVTT\n\n00:02.000 --> 00:01.000\nx").expectProblem(
            400, field: "body", reason: "line 3: it ends before it begins")
        try put("x", srt).expectProblem(400, field: "language")
        try put("fr", String(repeating: "x", count: 5 << 20)).expectProblem(413)
        #expect(try client.json("POST", "/v1/media/\(media.id)/processing", "{}").status == 202)
        #expect(
            try eventually(within: 60) {
                try client.get("/v1/media/\(media.id)/processing").json.text("state") == "DONE"
            })
        // The encoder's threads make a difference of some bytes in what the renditions take.
        func tracks(_ lines: [String]) -> [String] { lines.filter { $0.hasPrefix("#EXT-X-MEDIA:") } }
        let anew = try master()
        #expect(tracks(anew) == tracks(lines) && anew.count == lines.count, "\(anew) \(lines)")
        #expect(try client.delete("\(path)/de").status == 200)
        try client.delete("\(path)/de").expectProblem(404)
        #expect(try master().count == 3)
        let picture = try client.upload(Samples.text(), name: "a.txt", user: "u")
        try client.send(
            "PUT", "/v1/media/\(picture.id)/captions/de", headers: ["Content-Type": "text/vtt"], .text(srt)
        ).expectProblem(409)
        #expect(try instance.mediad("reconcile", "--json").contains("kind") == false)
    }

    @Test("a private film is played from a link: the token stands in the path, and its end is the film's")
    func privateLink() throws {
        let media = try processed(Films.bytes("silent.webm"), "s.webm")
        let link = try client.json("POST", "/v1/media/\(media.id)/links", #"{"expiresIn":600}"#).json
        let stream = String(try #require(link["streamUrl"]?.string).dropFirst(instance.baseURL.count))
        #expect(stream.hasPrefix("/s/\(media.id)/e=") && stream.hasSuffix("/hls.m3u8"))
        let folder = String(stream.dropLast("hls.m3u8".count))
        #expect(try instance.anonymous.get(stream).status == 200)
        #expect(try instance.anonymous.get(folder + "240p.m3u8").status == 200)
        let part = try instance.anonymous.get(folder + "240p.mp4", headers: ["Range": "bytes=4-7"])
        #expect(part.status == 206 && part.text == "ftyp")
        try instance.anonymous.get(folder.replacing("&s=", with: "&s=A") + "240p.mp4").expectProblem(404)
        try instance.anonymous.get("/s/\(media.id)/hls.m3u8").expectProblem(404)
        try instance.anonymous.get("/m/\(media.id)/hls.m3u8").expectProblem(404)
        #expect(try client.send("DELETE", "/v1/media/\(media.id)/links/\(link.text("id"))").status == 204)
        try instance.anonymous.get(folder + "240p.mp4").expectProblem(403)
    }

    @Test("sounds: formats, tags, cover, loudness and waveform", arguments: ["song.mp3", "note.wav", "speech.ogg"])
    func sounds(name: String) throws {
        let media = try processed(Films.bytes(name), name)
        try #require(media.text("status") == "READY", "\(media.text)")
        #expect(
            names(media).isSuperset(of: ["audio.m4a", "audio.ogg", "audio.mp3", "peaks.json", "waveform.png"]),
            "\(names(media))")
        for (file, codec) in [("audio.m4a", "aac"), ("audio.ogg", "opus"), ("audio.mp3", "mp3")] {
            let probe = try Films.probe(variant(media, file).body)
            #expect(probe["streams"]?.array?.first?["codec_name"] == .string(codec))
        }
        let details = try #require(media["details"])
        // A sine of ffmpeg has an eighth of full scale.
        let loudness = try #require(details["loudness"]?["integrated"]?.double)
        #expect((-24 ... -18).contains(loudness), "\(details.text)")
        let peaks = try variant(media, "peaks.json").json
        let data = (peaks["data"]?.array ?? []).compactMap(\.integer)
        #expect(peaks["version"] == .integer(2) && Int64(data.count) == 2 * (peaks["length"]?.integer ?? 0))
        #expect(data.allSatisfy { (-128...127).contains($0) } && data.max() ?? 0 > 8 && data.min() ?? 0 < -8)
        #expect(try Pictures.look(variant(media, "waveform.png").body)["width"] == .integer(1200))
        if name == "song.mp3" {
            #expect(details["title"] == .string("Sea") && details["artist"] == .string("Some & One"))
            #expect(try Pictures.look(variant(media, "cover.jpg").body)["width"] == .integer(200))
            #expect(names(media).contains("thumb.webp"))
        }
    }

    private static let documents: [(String, Int64, String)] = [
        ("paper.pdf", 2, "Tides and moon"), ("paper.odt", 2, "Tides and moon"), ("paper.docx", 2, "Tides and moon"),
        ("slides.pptx", 2, "First slide on plankton"),
    ]

    @Test("documents show their pages and have their text", arguments: documents)
    func pages(name: String, pages: Int64, text: String) throws {
        let media = try processed(Films.bytes(name), name)
        try #require(media.text("status") == "READY", "\(media.text)")
        #expect(media["details"]?["pages"] == .integer(pages), "\(media.text)")
        #expect(media["metadata"]?["pages"] == .integer(pages))
        // It is found by its words, until it has another file.
        let search = text.replacing(" ", with: "+").uppercased()
        #expect(try client.get("/v1/media?search=\(search)").json["media"]?.array?.map(\.id) == [media.id])
        #expect(try client.get("/v1/media?search=\(search)+basilisk").json["total"] == .integer(0))
        #expect(names(media).isSuperset(of: ["page-1.jpg", "page-2.jpg", "text.txt", "thumb.webp"]), "\(names(media))")
        #expect(names(media).contains("document.pdf") == (name != "paper.pdf"))
        #expect(try variant(media, "text.txt").text.contains(text))
        let page = try Pictures.look(variant(media, "page-1.jpg").body)
        #expect(max(page["width"]?.integer ?? 0, page["height"]?.integer ?? 0) == 1280)
    }

    @Test(
        "encrypted, damaged and hostile documents can be had as they are, with the reason",
        arguments: ["locked.pdf", "damaged.pdf", "many.pdf", "vast.pdf", "bomb.docx"])
    func badDocuments(name: String) throws {
        let bytes = try Films.bytes(name)
        let media = try processed(bytes, name)
        #expect(media.text("status") == "READY", "\(media.text)")
        if name != "vast.pdf" { #expect(media["details"]?["problem"]?.string?.isEmpty == false, "\(media.text)") }
        // Whoever made it lives.
        #expect(instance.housekeeper?.isRunning == true)
        #expect(try client.get("/m/\(media.id)").body == bytes)
    }
}
