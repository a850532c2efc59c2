import MediaCore
import MediaProcessing
import Testing

struct VideoTests {
    private func ladder(_ width: Int, _ height: Int, _ sides: Set<Int> = [240, 360, 480, 720, 1080]) throws -> [String]
    {
        let text = """
            {"format":{"duration":"10"},"streams":[{"index":0,"codec_type":"video","width":\(width),"height":\(height),
             "avg_frame_rate":"25/1"}]}
            """
        let probe = try MediaProbe(JSONParser.parse(Array(text.utf8)))
        let video = try #require(probe.video)
        return VideoLadder(probe, video, sides: sides).rungs.map { "\($0.name) \($0.width)x\($0.height)" }
    }

    @Test("a ladder has no rung above the film, even sides, and one at least")
    func ladders() throws {
        #expect(
            try ladder(1920, 1080) == [
                "240p 426x240", "360p 640x360", "480p 854x480", "720p 1280x720", "1080p 1920x1080",
            ])
        #expect(try ladder(1920, 1036).last == "1080p 1920x1036")
        #expect(try ladder(1080, 1920).last == "1080p 1080x1920")
        #expect(try ladder(3840, 2160).last == "1080p 1920x1080")
        #expect(try ladder(101, 99) == ["240p 102x100"] || ladder(101, 99) == ["240p 100x98"])
        #expect(try ladder(2, 2) == ["240p 2x2"])
        #expect(try ladder(640, 360, [1080]) == ["480p 640x360"] || ladder(640, 360, [1080]) == ["360p 640x360"])
        #expect(try ladder(10_000, 20) == ["240p 10000x20"])
    }

    @Test("a probe reads turned pictures, pixels that aren't square, and odd answers")
    func probe() throws {
        func probe(_ stream: String) throws -> MediaProbe {
            try MediaProbe(JSONParser.parse(Array(#"{"format":{"duration":"N/A"},"streams":[\#(stream)]}"#.utf8)))
        }
        let turned = try probe(
            #"{"codec_type":"video","width":720,"height":576,"sample_aspect_ratio":"16:15","side_data_list":[{"rotation":-90}],"avg_frame_rate":"0/0","r_frame_rate":"30000/1001","duration":"2.5"}"#
        )
        #expect(turned.video?.width == 576 && turned.video?.height == 768 && turned.duration == 2.5)
        #expect(turned.video.map { abs($0.frameRate - 29.97) < 0.01 } == true)
        let cover = try probe(
            #"{"index":1,"codec_type":"video","width":9,"height":9,"disposition":{"attached_pic":1}}"#)
        #expect(cover.video == nil && cover.cover == 1)
        #expect(try probe(#"{"codec_type":"video","width":0,"height":9}"#).video == nil)
        #expect(MediaProbe(.null).duration == 0)
    }

    @Test("rates and codecs of a rendition")
    func rates() throws {
        let playlist = """
            #EXTM3U
            #EXTINF:4.0,
            #EXT-X-BYTERANGE:1000@0
            a.mp4
            #EXTINF:2.0,
            #EXT-X-BYTERANGE:1000@1000
            a.mp4
            """
        let rates = try #require(HLSPlaylist.rates(playlist))
        #expect(rates.peak == 4000 && rates.mean == 2667)
        #expect(HLSPlaylist.rates("") == nil && HLSPlaylist.rates("#EXTINF:0,\n#EXT-X-BYTERANGE:1@0") == nil)
    }

    @Test("WebVTT and SRT are read, and written as WebVTT")
    func tracks() throws {
        let srt =
            "\u{FEFF}1\r\n00:00:01,000 --> 00:00:02,500\r\nHello\r\nthere\r\n\r\n2\r\n00:01:00,000 --> 00:01:01,000\r\nBye\r\n"
        let expected = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello\nthere\n\n00:01:00.000 --> 00:01:01.000\nBye\n"
        #expect(try WebVTT(reading: srt).text == expected)
        #expect(try WebVTT(reading: expected).text == expected)
        let vtt =
            "WEBVTT - title\nX: y\n\nNOTE a\nb\n\nSTYLE\n::cue{}\n\nintro\n00:01.000 --> 00:02.000 line:0 align:start\n<v Ann>Hi\n"
        #expect(
            try WebVTT(reading: vtt).cues == [
                .init(start: 1000, end: 2000, settings: "line:0 align:start", text: ["<v Ann>Hi"])
            ])
    }

    @Test(
        "what is no track says in which line",
        arguments: [
            ("", 1), ("hello", 1), ("WEBVTT\n\n", 1), ("WEBVTT\n\n00:00:02.000 --> 00:00:01.000\nx", 3),
            ("WEBVTT\n\n00:00:61.000 --> 00:01:01.000\nx", 3), ("1\n00:00:01 -> 00:00:02\nx", 1),
            ("WEBVTT\n\n00:00:00.00 --> 00:00:01.000\nx", 3), ("WEBVTT\n\na\n00:00:-1.000 --> 00:00:01.000\nx", 4),
        ])
    func wrong(text: String, line: Int) throws {
        let fault = #expect(throws: WebVTT.Fault.self) { try WebVTT(reading: text) }
        #expect(fault?.line == line, "\(fault.map { "\($0)" } ?? "")")
    }
}
