package import MediaCore

/// What ffprobe says of a film or a sound.
package struct MediaProbe: Equatable, Sendable {
    package struct Video: Equatable, Sendable {
        package var index: Int64
        package var codec: String
        /// As it is shown: turned, and with square pixels.
        package var width: Int
        package var height: Int
        /// Frames a second, on the mean.
        package var frameRate: Double
        /// Whether its brightness goes beyond what usual screens show (BT.2100).
        package var isHDR: Bool
        package var profile: String
        /// Ten times the level of H.264.
        package var level: Int64
    }

    package struct Audio: Equatable, Sendable {
        package var index: Int64
        package var codec: String
        package var channels: Int64
        package var sampleRate: Int64
    }

    package struct Chapter: Equatable, Sendable {
        /// Seconds.
        package var start: Double
        package var end: Double
        package var title: String
    }

    /// Seconds; 0 where it isn't known.
    package var duration: Double
    /// Bits a second.
    package var bitRate: Int64?
    package var video: Video?
    package var audio: Audio?
    /// The index of a picture that a sound carries.
    package var cover: Int64?
    package var chapters: [Chapter]
    /// Names in lower case.
    package var tags: [String: String]

    /// Whether it says where it was made.
    package var isRevealing: Bool { tags.keys.contains { $0.contains("location") || $0.contains("gps") } }

    /// What ffprobe is asked for.
    package static func arguments(_ source: String) -> [String] {
        [
            "-v", "error", "-protocol_whitelist", "file", "-print_format", "json", "-show_format", "-show_streams",
            "-show_chapters", source,
        ]
    }

    package init(_ json: JSON) {
        let format = json["format"] ?? .null
        let streams = json["streams"]?.array ?? []
        func isPicture(_ stream: JSON) -> Bool { stream["disposition"]?["attached_pic"] == .integer(1) }
        func first(_ kind: String) -> JSON? {
            streams.first { $0["codec_type"] == .string(kind) && !isPicture($0) }
        }
        video = first("video").flatMap(Self.video)
        audio = first("audio").map { stream in
            Audio(
                index: stream["index"]?.integer ?? 0, codec: stream["codec_name"]?.string ?? "",
                channels: stream["channels"]?.integer ?? 0,
                sampleRate: Self.number(stream["sample_rate"]).flatMap { Int64(nearest: $0) } ?? 0)
        }
        cover = streams.first(where: isPicture)?["index"]?.integer
        let lengths = ([format] + streams).compactMap { Self.number($0["duration"]) }
        duration = lengths.first ?? 0
        bitRate = Self.number(format["bit_rate"]).flatMap { Int64(nearest: $0) }
        chapters = (json["chapters"]?.array ?? []).prefix(1000).compactMap { chapter in
            guard let start = Self.number(chapter["start_time"]), let end = Self.number(chapter["end_time"]),
                end > start
            else { return nil }
            return Chapter(start: start, end: end, title: Self.tags(chapter)["title"] ?? "")
        }
        // Of a sound in Ogg its stream has them.
        tags = Self.tags(format).merging(first("audio").map(Self.tags) ?? [:]) { one, _ in one }
    }

    /// Pixels; ffmpeg knows none beyond.
    private static let maxSide: Int64 = 1 << 16
    /// Seconds, and whatever else is said; nothing real is beyond.
    private static let maxNumber = 1e12

    private static func video(_ stream: JSON) -> Video? {
        guard var width = stream["width"]?.integer, var height = stream["height"]?.integer,
            (1...maxSide).contains(width), (1...maxSide).contains(height)
        else { return nil }
        let aspect = (stream["sample_aspect_ratio"]?.string ?? "").split(separator: ":").compactMap { Int64($0) }
        if aspect.count == 2, aspect[0] > 0, aspect[1] > 0, aspect[0] < 1000, aspect[1] < 1000 {
            width = max(1, width * aspect[0] / aspect[1])
        }
        let turns = (stream["side_data_list"]?.array ?? []).compactMap { $0["rotation"]?.integer }.first ?? 0
        if (turns % 180).magnitude == 90 { swap(&width, &height) }
        let transfer = stream["color_transfer"]?.string ?? ""
        return Video(
            index: stream["index"]?.integer ?? 0, codec: stream["codec_name"]?.string ?? "", width: Int(width),
            height: Int(height), frameRate: rate(stream["avg_frame_rate"]) ?? rate(stream["r_frame_rate"]) ?? 25,
            isHDR: transfer == "smpte2084" || transfer == "arib-std-b67", profile: stream["profile"]?.string ?? "",
            level: stream["level"]?.integer ?? 0)
    }

    private static func rate(_ json: JSON?) -> Double? {
        let parts = (json?.string ?? "").split(separator: "/").compactMap { Double($0) }
        guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return nil }
        return parts[0] / parts[1]
    }

    private static func number(_ json: JSON?) -> Double? {
        guard let number = json?.double ?? json?.string.flatMap({ Double($0) }), number.isFinite,
            (0...maxNumber).contains(number)
        else {
            return nil
        }
        return number
    }

    private static func tags(_ json: JSON) -> [String: String] {
        var tags: [String: String] = [:]
        for member in json["tags"]?.object ?? [] {
            guard let text = member.value.string else { continue }
            let shown = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
            tags[member.name.lowercased()] = TextRules.prefix(String(String.UnicodeScalarView(shown)), 500)
        }
        return tags
    }
}
