import MediaCore
import MediaProcessing
import MediaStorage

/// Makes of a film what plays and seeks everywhere. It is READY as soon as its smallest rendition is there.
struct ProcessVideo {
    private static let ffmpeg = "/usr/bin/ffmpeg"
    static let quiet = ["-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file"]

    let workplace: Workplace

    static func steps(_ configuration: Configuration) -> [String] {
        ["probe", "first", "ladder", "extras"] + (otherCodecs(configuration).isEmpty ? [] : ["codecs"])
    }

    /// Those of renditions that only some players have.
    private static func otherCodecs(_ configuration: Configuration) -> [VideoCodec] {
        let names = configuration.list(.videoCodecs)
        return VideoCodec.allCases.filter { $0 != .h264 && names.contains($0.rawValue) }
    }

    func run() throws {
        workplace.report("probe", percent: 0)
        let probe = try Self.probe(workplace)
        guard let video = probe.video else { return try ProcessAudio(workplace: workplace).run(probe) }
        let ladder = VideoLadder(
            probe, video, sides: Set(workplace.configuration.list(.videoSides).compactMap { Int($0) }))
        var renditions: [HLSPlaylist.Rendition] = []

        let smallest = Array(ladder.rungs.prefix(1))
        try encode(ladder, smallest, probe, step: "first")
        var made = try collect(smallest, &renditions) + poster(probe, video)
        if let chapters = try chapters(probe) { made.append(chapters) }
        let clean = try cleaned(probe, video)
        made += [clean].compactMap(\.self)
        let isFirst = workplace.media.status == .processing
        if isFirst {
            try workplace.commit(
                .init(
                    made: made, replacesAll: true, ofTracks: master(renditions, ladder), details: details(probe, video),
                    shown: clean, isReady: true))
            made = []
        }
        let others = Array(ladder.rungs.dropFirst())
        if !others.isEmpty {
            try encode(ladder, others, probe, step: "ladder")
            made += try collect(others, &renditions)
        }
        workplace.report("extras", percent: 0)
        made += try storyboard(ladder, probe, video) + [progressive(ladder)]
        // One that can be played already keeps what it has until all of it is there anew.
        try workplace.commit(
            .init(
                made: made, replacesAll: !isFirst, ofTracks: master(renditions, ladder), details: details(probe, video),
                shown: isFirst ? nil : clean, isReady: true))
        for codec in Self.otherCodecs(workplace.configuration) {
            let rungs = ladder.rungs(codec)
            try encode(ladder, rungs, probe, step: "codecs")
            let made = try collect(rungs, &renditions)
            try workplace.commit(.init(made: made, ofTracks: master(renditions, ladder), isReady: true))
        }
    }

    static func probe(_ workplace: Workplace, _ path: String? = nil) throws -> MediaProbe {
        let said = try workplace.run(
            "/usr/bin/ffprobe", MediaProbe.arguments(path ?? workplace.source), reads: path.map { [$0] } ?? [])
        let probe = MediaProbe(try JSONParser.parse(said.bytes))
        let limit = workplace.configuration.number(.videoTime)
        // Two frames that are days apart would make millions.
        guard probe.duration <= Double(limit) else {
            throw JobStop.failed("It takes \(probe.duration.rounded()) seconds; \(limit) are the limit.")
        }
        return probe
    }

    // MARK: Renditions

    private func encode(
        _ ladder: VideoLadder, _ rungs: [VideoLadder.Rung], _ probe: MediaProbe, step: String
    ) throws {
        workplace.report(step, percent: 0)
        _ = try workplace.run(
            Self.ffmpeg, ladder.arguments(workplace.source, rungs, folder: workplace.folder),
            onLine: Self.percent(of: probe.duration) { workplace.report(step, percent: $0) })
    }

    /// Reads how far ffmpeg is.
    static func percent(of duration: Double, _ report: @escaping (Int) -> Void) -> (String) -> Void {
        { line in
            guard duration > 0, line.hasPrefix("out_time_us="), let time = Double(line.dropFirst("out_time_us=".count)),
                time.isFinite
            else { return }
            report(Int(min(99, max(0, time / 10_000 / duration))))
        }
    }

    private func collect(
        _ rungs: [VideoLadder.Rung], _ renditions: inout [HLSPlaylist.Rendition]
    ) throws -> [Workplace.Made] {
        try rungs.flatMap { rung -> [Workplace.Made] in
            let paths = (
                playlist: "\(workplace.folder)/\(rung.name).m3u8", file: "\(workplace.folder)/\(rung.name).mp4"
            )
            let made = try Self.probe(workplace, paths.file)
            let text = String(decoding: try LocalStorage.bytes(ofMade: paths.playlist, limit: 16 << 20), as: UTF8.self)
            guard let rates = HLSPlaylist.rates(text), let codecs = HLSPlaylist.codecs(made) else {
                throw JobStop.failed("No rendition can be made of the film.")
            }
            renditions.append(.init(rung: rung, peak: rates.peak, mean: rates.mean, codecs: codecs))
            let size = (width: Int64(rung.width), height: Int64(rung.height))
            return [
                .init(
                    variant: MediaVariant(
                        name: rung.name, fileExtension: "mp4", mimeType: "video/mp4", size: 0, width: size.width,
                        height: size.height, duration: Int64(made.duration * 1000)), path: paths.file),
                .init(
                    variant: MediaVariant(
                        name: rung.name, fileExtension: "m3u8", mimeType: TextTracks.playlistType, size: 0,
                        width: size.width,
                        height: size.height), path: paths.playlist),
            ]
        }
    }

    private func master(
        _ renditions: [HLSPlaylist.Rendition], _ ladder: VideoLadder
    ) -> ([TextTracks.Track]) throws -> Workplace.Made {
        { tracks in
            let text = HLSPlaylist.master(
                renditions, frameRate: ladder.frameRate, tracks: tracks.map(\.listed))
            return try workplace.write(text, TextTracks.master, TextTracks.playlistType)
        }
    }

    /// One file to be had as a whole, in the largest size that most devices like; nothing is encoded anew.
    private func progressive(_ ladder: VideoLadder) throws -> Workplace.Made {
        let rung = ladder.rungs.last { min($0.width, $0.height) <= 720 } ?? ladder.rungs[0]
        let source = workplace.place(of: "\(rung.name).mp4")
        let path = "\(workplace.folder)/video.mp4"
        _ = try workplace.run(
            Self.ffmpeg, Self.quiet + ["-i", source, "-c", "copy", "-movflags", "+faststart", path], reads: [source])
        return .init(
            variant: MediaVariant(
                name: "video", fileExtension: "mp4", mimeType: "video/mp4", size: 0, width: Int64(rung.width),
                height: Int64(rung.height)), path: path)
    }

    /// Where phones write down the place, a copy without that and all else beside picture and sound; nothing is encoded anew.
    private func cleaned(_ probe: MediaProbe, _ video: MediaProbe.Video) throws -> Workplace.Made? {
        let type = workplace.media.mimeType
        guard workplace.configuration.text(.imageCleaning) == "on", probe.isRevealing,
            let format = ["video/mp4": "mp4", "video/x-m4v": "mp4", "video/quicktime": "mov"][type],
            let ending = FileType.stored(as: type)?.fileExtension
        else { return nil }
        let path = "\(workplace.folder)/clean.\(ending)"
        _ = try workplace.run(
            Self.ffmpeg,
            Self.quiet + [
                "-i", workplace.source, "-map", "0:\(video.index)", "-map", "0:a?", "-c", "copy", "-map_metadata", "-1",
                "-map_chapters", "0", "-movflags", "+faststart", "-f", format, path,
            ])
        return .init(
            variant: MediaVariant(name: "clean", fileExtension: ending, mimeType: type, size: 0), path: path,
            isHidden: true)
    }

    // MARK: Pictures

    private func poster(_ probe: MediaProbe, _ video: MediaProbe.Video) throws -> [Workplace.Made] {
        let path = "\(workplace.folder)/poster.jpg"
        let factor = min(1, 1280 / Double(max(video.width, video.height)))
        let (width, height) = (max(2, Int(Double(video.width) * factor)), max(2, Int(Double(video.height) * factor)))
        // Behind what is black at the start; of a short one the first there is.
        for start in [min(10, probe.duration / 10), 0] where !LocalStorage.hasFile(path) {
            _ = try workplace.run(
                Self.ffmpeg,
                Self.quiet + [
                    "-ss", "\(start)", "-i", workplace.source, "-map", "0:\(video.index)", "-frames:v", "1", "-vf",
                    "thumbnail=25,scale=\(width):\(height),setsar=1", "-q:v", "3", path,
                ])
        }
        guard LocalStorage.hasFile(path) else { return [] }
        let poster = Workplace.Made(
            variant: MediaVariant(
                name: "poster", fileExtension: "jpg", mimeType: "image/jpeg", size: 0, width: Int64(width),
                height: Int64(height)), path: path)
        return [poster] + (try workplace.pictures(of: path))
    }

    /// Small pictures of all of it, for whoever seeks, and where each stands (WebVTT with media fragments).
    private func storyboard(
        _ ladder: VideoLadder, _ probe: MediaProbe, _ video: MediaProbe.Video
    ) throws -> [Workplace.Made] {
        guard probe.duration >= 1 else { return [] }
        let smallest = workplace.place(of: "\(ladder.rungs[0].name).mp4")
        let interval = max(1, Int((probe.duration / 100).rounded(.up)))
        let count = max(1, Int((probe.duration / Double(interval)).rounded(.up)))
        let (width, columns) = (160, min(10, count))
        let height = max(2, Int((Double(width) * Double(video.height) / Double(video.width) / 2).rounded()) * 2)
        let path = "\(workplace.folder)/storyboard.jpg"
        _ = try workplace.run(
            Self.ffmpeg,
            Self.quiet + [
                "-i", smallest, "-an", "-frames:v", "1", "-vf",
                "fps=1/\(interval):round=up,scale=\(width):\(height),setsar=1,tile=\(columns)x\((count + columns - 1) / columns)",
                "-q:v", "5", path,
            ], reads: [smallest])
        guard LocalStorage.hasFile(path) else { return [] }
        let cues = (0..<count).map { index in
            WebVTT.Cue(
                start: Int64(index * interval * 1000),
                end: min(
                    Int64((index + 1) * interval * 1000),
                    max(Int64(probe.duration * 1000), Int64(index * interval * 1000) + 1)),
                text: ["storyboard.jpg#xywh=\(index % columns * width),\(index / columns * height),\(width),\(height)"])
        }
        return [
            .init(
                variant: MediaVariant(name: "storyboard", fileExtension: "jpg", mimeType: "image/jpeg", size: 0),
                path: path),
            try workplace.write(WebVTT(cues: cues).text, "storyboard.vtt", "text/vtt"),
        ]
    }

    private func chapters(_ probe: MediaProbe) throws -> Workplace.Made? {
        guard !probe.chapters.isEmpty else { return nil }
        let cues = probe.chapters.enumerated().map { index, chapter in
            WebVTT.Cue(
                start: Int64(chapter.start * 1000), end: Int64(chapter.end * 1000),
                text: [chapter.title.isEmpty ? "\(index + 1)" : chapter.title])
        }
        return try workplace.write(WebVTT(cues: cues).text, "chapters.vtt", "text/vtt")
    }

    private func details(_ probe: MediaProbe, _ video: MediaProbe.Video) -> JSON {
        .object(
            [
                .init("width", .integer(Int64(video.width))), .init("height", .integer(Int64(video.height))),
                .init("duration", JSON((probe.duration * 1000).rounded() / 1000)),
                .init("frameRate", JSON((video.frameRate * 1000).rounded() / 1000)),
                .init("videoCodec", .string(video.codec)), .init("audioCodec", JSON(probe.audio?.codec)),
                .init("bitRate", probe.bitRate.map(JSON.integer) ?? .null), .init("isHDR", .bool(video.isHDR)),
            ] + ProcessAudio.tags(probe))
    }
}
