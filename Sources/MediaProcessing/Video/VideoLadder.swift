/// The renditions that are made of a film: never larger than it is, each with the same key frames.
package struct VideoLadder: Equatable, Sendable {
    package struct Rung: Equatable, Sendable {
        /// Such as `720p`: the shorter side, as it is usually called; behind it the codec that not all players have.
        package var name: String
        package var codec = VideoCodec.h264
        package var width: Int
        package var height: Int
        /// Kilobits a second that the picture takes at most, and the sound.
        package var videoRate: Int
        package var audioRate: Int
    }

    /// Shorter side, and the most kilobits a second of picture and sound.
    private static let sizes = [(240, 400, 64), (360, 800, 96), (480, 1400, 128), (720, 2800, 128), (1080, 5000, 192)]
    /// Seconds between two key frames, and of a segment.
    package static let keyTime = 2
    package static let segmentTime = 4

    /// From the smallest.
    package let rungs: [Rung]
    /// Frames a second.
    package let frameRate: Double
    private let video: MediaProbe.Video
    private let hasAudio: Bool

    /// - Parameter sides: the shorter sides that are wanted.
    package init(_ probe: MediaProbe, _ video: MediaProbe.Video, sides: Set<Int>) {
        self.video = video
        hasAudio = probe.audio != nil
        frameRate = min(60, max(1, video.frameRate))
        let side = min(video.width, video.height)
        // Of a side that is nearly so large, too: 1920 × 1036 is called 1080p.
        var chosen = Self.sizes.filter { sides.contains($0.0) && $0.0 <= side + side / 16 }
        if chosen.isEmpty { chosen = [Self.sizes.first { $0.0 >= side } ?? Self.sizes[0]] }
        rungs = chosen.map { size in
            let factor = min(1, Double(size.0) / Double(side))
            // H.264 halves the sides of colours.
            func even(_ length: Int) -> Int { max(2, Int((Double(length) * factor / 2).rounded()) * 2) }
            return Rung(
                name: "\(size.0)p", width: even(video.width), height: even(video.height), videoRate: size.1,
                audioRate: size.2)
        }
    }

    /// The same sizes in another codec, which needs less for the same.
    package func rungs(_ codec: VideoCodec) -> [Rung] {
        rungs.map { rung in
            var other = rung
            other.codec = codec
            other.name += "-\(codec.rawValue)"
            other.videoRate = Int(Double(rung.videoRate) * codec.rate)
            return other
        }
    }

    /// What ffmpeg is told to make some of the rungs of one reading of the file.
    ///
    /// - Parameter progress: whether it says on standard output how far it is.
    package func arguments(_ source: String, _ rungs: [Rung], folder: String) -> [String] {
        var words = [
            "-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file", "-progress", "pipe:1", "-i", source,
            "-filter_complex", filter(rungs),
        ]
        for (index, rung) in rungs.enumerated() {
            words += ["-map", "[v\(index)]"] + (hasAudio ? ["-map", "0:a:0"] : [])
            words += ["-map_metadata", "-1", "-map_chapters", "-1"]
            words += rung.codec.arguments(rate: rung.videoRate, frameRate: frameRate, keyTime: Self.keyTime)
            if hasAudio { words += ["-c:a", "aac", "-b:a", "\(rung.audioRate)k", "-ac", "2", "-ar", "48000"] }
            words += [
                "-f", "hls", "-hls_time", "\(Self.segmentTime)", "-hls_playlist_type", "vod", "-hls_segment_type",
                "fmp4",
                // One file, of which the playlist names ranges: one content in the store.
                "-hls_flags", "single_file+independent_segments", "-hls_segment_filename", "\(folder)/\(rung.name).mp4",
                "\(folder)/\(rung.name).m3u8",
            ]
        }
        return words
    }

    /// Upright by itself; in one pace, square pixels and the colours that all screens show.
    private func filter(_ rungs: [Rung]) -> String {
        var first = "[0:\(video.index)]fps=\(Self.text(frameRate))"
        if video.isHDR {
            first +=
                ",zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
        }
        let names = rungs.indices.map { "[s\($0)]" }.joined()
        let scaled = rungs.enumerated().map { index, rung in
            "[s\(index)]scale=\(rung.width):\(rung.height),setsar=1,format=yuv420p[v\(index)]"
        }
        return ([first + ",split=\(rungs.count)\(names)"] + scaled).joined(separator: ";")
    }

    /// With no more digits than are needed.
    private static func text(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\((number * 1000).rounded() / 1000)"
    }
}
