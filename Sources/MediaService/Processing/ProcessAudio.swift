import MediaCore
import MediaProcessing
import MediaStorage

/// Makes of a sound what plays everywhere, says how loud it is (EBU R 128), and draws its waveform.
struct ProcessAudio {
    static let steps = ["probe", "encode"]
    private static let ffmpeg = "/usr/bin/ffmpeg"
    /// Samples a second of what the waveform is drawn of.
    private static let peakRate = 8000
    private static let maxPeaks = 4000

    let workplace: Workplace

    func run() throws {
        workplace.report("probe", percent: 0)
        try run(ProcessVideo.probe(workplace))
    }

    func run(_ probe: MediaProbe) throws {
        guard let audio = probe.audio else { throw JobStop.failed("There is neither sound nor picture in it.") }
        let formats = workplace.configuration.list(.audioFormats).compactMap(Format.init(rawValue:))
        let loudness = try encode(probe, audio, formats)
        var made = formats.map { format in
            Workplace.Made(
                variant: MediaVariant(
                    name: "audio", fileExtension: format.fileExtension, mimeType: format.mimeType, size: 0,
                    duration: Int64(probe.duration * 1000)), path: "\(workplace.folder)/audio.\(format.fileExtension)")
        }
        made.append(try workplace.write(try peaks().text, "peaks.json", "application/json"))
        made.append(
            .init(
                variant: MediaVariant(
                    name: "waveform", fileExtension: "png", mimeType: "image/png", size: 0, width: 1200, height: 240),
                path: "\(workplace.folder)/waveform.png"))
        if let cover = probe.cover { made += try self.cover(cover) }
        try workplace.commit(
            .init(made: made, replacesAll: true, details: details(probe, audio, loudness), isReady: true))
    }

    private enum Format: String {
        case aac, opus, mp3

        var fileExtension: String {
            switch self {
            case .aac: "m4a"
            case .opus: "ogg"
            case .mp3: "mp3"
            }
        }

        var mimeType: String {
            switch self {
            case .aac: "audio/mp4"
            case .opus: "audio/ogg"
            case .mp3: "audio/mpeg"
            }
        }

        var arguments: [String] {
            switch self {
            case .aac: ["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]
            case .opus: ["-c:a", "libopus", "-b:a", "96k"]
            case .mp3: ["-c:a", "libmp3lame", "-q:a", "4"]
            }
        }
    }

    /// All of it by one reading of the file.
    ///
    /// - Returns: what the meter says.
    private func encode(_ probe: MediaProbe, _ audio: MediaProbe.Audio, _ formats: [Format]) throws -> [JSON.Member] {
        let count = formats.count + 3
        let outputs = formats.indices.map { "[f\($0)]" }.joined()
        let filter =
            "[0:\(audio.index)]asplit=\(count)\(outputs)[meter][picture][samples];"
            + "[meter]ebur128=peak=true:framelog=verbose[measured];"
            + "[picture]aformat=channel_layouts=mono,showwavespic=s=1200x240:colors=0x3366cc[drawn];"
            + "[samples]aresample=\(Self.peakRate),aformat=channel_layouts=mono[peaks]"
        var words = [
            "-v", "info", "-hide_banner", "-nostats", "-nostdin", "-y", "-protocol_whitelist", "file", "-progress",
            "pipe:1",
            "-i", workplace.source, "-filter_complex", filter,
        ]
        for (index, format) in formats.enumerated() {
            words += ["-map", "[f\(index)]", "-map_metadata", "-1", "-ac", "\(min(2, max(1, audio.channels)))"]
            words += format.arguments + ["\(workplace.folder)/audio.\(format.fileExtension)"]
        }
        words += ["-map", "[measured]", "-f", "null", "-"]
        words += ["-map", "[drawn]", "-frames:v", "1", "\(workplace.folder)/waveform.png"]
        words += ["-map", "[peaks]", "-f", "s16le", "\(workplace.folder)/samples"]
        let said = try workplace.run(
            Self.ffmpeg, words,
            onLine: ProcessVideo.percent(of: probe.duration) { workplace.report("encode", percent: $0) })
        return Self.loudness(said.errors)
    }

    /// What the meter's summary says at the end.
    static func loudness(_ text: String) -> [JSON.Member] {
        guard let summary = text.ranges(of: "Summary:").last else { return [] }
        let lines = text[summary.upperBound...].split(separator: "\n")
        func value(_ name: String) -> JSON {
            let line = lines.first { $0.drop { $0 == " " }.hasPrefix(name) }
            let number = line?.split(separator: ":").last?.split(separator: " ").first.flatMap { Double($0) }
            return number.flatMap { $0.isFinite ? JSON($0) : nil } ?? .null
        }
        return [
            .init(
                "loudness",
                .object([
                    .init("integrated", value("I:")), .init("range", value("LRA:")), .init("truePeak", value("Peak:")),
                ]))
        ]
    }

    /// The lowest and highest sample of each stretch, as audiowaveform has them (version 2, 8 bits).
    private func peaks() throws -> JSON {
        let path = "\(workplace.folder)/samples"
        let total = LocalStorage.fileSize(path) / 2
        let stretch = max(80, (total + Int64(Self.maxPeaks) - 1) / Int64(Self.maxPeaks))
        var data: [JSON] = []
        var (low, high, count): (Int16, Int16, Int64) = (0, 0, 0)
        func end() {
            data += [.integer(Int64(low >> 8)), .integer(Int64(high >> 8))]
            (low, high, count) = (0, 0, 0)
        }
        try LocalStorage.read(path) { bytes in
            for index in stride(from: 0, to: bytes.count - 1, by: 2) {
                let sample = Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
                if count == 0 { (low, high) = (sample, sample) }
                low = min(low, sample)
                high = max(high, sample)
                count += 1
                if count == stretch { end() }
            }
        }
        if count > 0 { end() }
        return .object([
            .init("version", .integer(2)), .init("channels", .integer(1)),
            .init("sample_rate", .integer(Int64(Self.peakRate))), .init("samples_per_pixel", .integer(stretch)),
            .init("bits", .integer(8)), .init("length", .integer(Int64(data.count / 2))), .init("data", .array(data)),
        ])
    }

    private func cover(_ index: Int64) throws -> [Workplace.Made] {
        let path = "\(workplace.folder)/cover.jpg"
        do {
            _ = try workplace.run(
                Self.ffmpeg,
                ProcessVideo.quiet + [
                    "-i", workplace.source, "-map", "0:\(index)", "-frames:v", "1", "-vf", "scale='min(1000,iw)':-2",
                    "-q:v", "3", path,
                ])
        } catch let failure as ToolFailure where failure.isRefusal {
            // The sound is good without.
            return []
        }
        let cover = Workplace.Made(
            variant: MediaVariant(name: "cover", fileExtension: "jpg", mimeType: "image/jpeg", size: 0), path: path)
        return [cover] + (try workplace.pictures(of: path, leavingOut: ["cover"]))
    }

    static func tags(_ probe: MediaProbe) -> [JSON.Member] {
        ["title", "artist", "album", "genre", "date", "track", "comment", "language"].compactMap { name in
            probe.tags[name].flatMap { $0.isEmpty ? nil : .init(name, .string($0)) }
        }
    }

    private func details(
        _ probe: MediaProbe, _ audio: MediaProbe.Audio, _ loudness: [JSON.Member]
    ) -> JSON {
        .object(
            [
                .init("duration", JSON((probe.duration * 1000).rounded() / 1000)),
                .init("audioCodec", .string(audio.codec)), .init("channels", .integer(audio.channels)),
                .init("sampleRate", .integer(audio.sampleRate)),
                .init("bitRate", probe.bitRate.map(JSON.integer) ?? .null),
            ] + loudness + Self.tags(probe))
    }
}
