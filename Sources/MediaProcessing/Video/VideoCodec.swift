/// What a film's pictures are made in.
package enum VideoCodec: String, CaseIterable, Sendable {
    /// What every player has.
    case h264
    case vp9, av1

    /// Bits for the same picture, of those that H.264 takes.
    var rate: Double {
        switch self {
        case .h264: 1
        case .vp9: 0.65
        case .av1: 0.5
        }
    }

    /// - Parameters:
    ///   - rate: kilobits a second at most.
    ///   - keyTime: seconds from one key frame to the next.
    func arguments(rate: Int, frameRate: Double, keyTime: Int) -> [String] {
        let frames = "\(max(1, Int((frameRate * Double(keyTime)).rounded())))"
        switch self {
        case .h264:
            return [
                "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "23", "-maxrate", "\(rate)k",
                "-bufsize", "\(rate * 2)k", "-sc_threshold", "0", "-force_key_frames",
                "expr:gte(t,n_forced*\(keyTime))",
            ]
        case .vp9:
            return [
                "-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1", "-crf", "33", "-b:v",
                "\(rate)k", "-g", frames, "-keyint_min", frames,
            ]
        case .av1:
            return [
                "-c:v", "libsvtav1", "-preset", "9", "-crf", "35", "-maxrate", "\(rate)k", "-bufsize", "\(rate * 2)k",
                "-g",
                frames,
            ]
        }
    }

    /// As playlists have it (RFC 6381), of a rendition that was made; nil for what can't be.
    func name(_ video: MediaProbe.Video) -> String? {
        switch self {
        case .h264:
            guard video.level > 0 else { return nil }
            let profile =
                switch video.profile {
                case "Constrained Baseline": "42e0"
                case "Main": "4d40"
                default: "6400"
                }
            return "avc1.\(profile)\(Self.padded(String(video.level, radix: 16)))"
        case .vp9: return "vp09.00.\(Self.vp9Level(video)).08"
        case .av1: return video.level >= 0 ? "av01.0.\(Self.padded("\(video.level)"))M.08" : nil
        }
    }

    /// What a decoder of VP9 has to manage, which the file doesn't say (VP9 levels: samples a second, samples of a picture).
    private static func vp9Level(_ video: MediaProbe.Video) -> Int {
        let levels = [
            (10, 829_440, 36_864), (11, 2_764_800, 73_728), (20, 4_608_000, 122_880), (21, 9_216_000, 245_760),
            (30, 20_736_000, 552_960), (31, 36_864_000, 983_040), (40, 83_558_400, 2_228_224),
            (41, 160_432_128, 2_228_224),
        ]
        let samples = video.width * video.height
        return levels.first { Double(samples) * video.frameRate <= Double($0.1) && samples <= $0.2 }?.0 ?? 50
    }

    private static func padded(_ digits: String) -> String { digits.count < 2 ? "0\(digits)" : digits }
}
