import MediaCore
import MediaDatabase
import MediaProcessing
import MediaStorage

/// The text tracks of a film: captions, one for each language.
struct TextTracks {
    struct Track: Equatable {
        /// As its variants are called.
        var name: String

        /// BCP 47, in lower case.
        var language: String { String(name.dropFirst(TextTracks.prefix.count)) }

        var listed: HLSPlaylist.Track { .init(file: "\(name).m3u8", language: language, title: language) }
    }

    static let master = "hls.m3u8"
    private static let prefix = "captions-"
    static let playlistType = "application/vnd.apple.mpegurl"

    let context: Context

    static func isTrack(_ variant: MediaVariant) -> Bool { variant.name.hasPrefix(prefix) }

    static func all(_ entries: [VariantRepository.Entry]) -> [Track] {
        entries.map(\.variant).filter { isTrack($0) && $0.fileExtension == "vtt" }.map { Track(name: $0.name) }
            .sorted { $0.name < $1.name }
    }

    /// What is wrong with a language, or nil.
    static func fault(in language: String) -> String? {
        let parts = language.split(separator: "-", omittingEmptySubsequences: false)
        let isGood =
            language.utf8.count <= 20 && (2...3).contains(parts[0].count)
            && parts.allSatisfy { part in
                (1...8).contains(part.count)
                    && part.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) }
            }
        return isGood ? nil : "must be a language such as en or pt-BR (BCP 47)"
    }

    // MARK: Changes

    /// Gives a film captions in a language, in place of those that it has.
    ///
    /// - Parameter text: WebVTT or SRT.
    /// - Throws: 400 with the line that is wrong; 409 for what is no film.
    func put(_ text: [UInt8], _ language: String, of id: String, _ caller: Caller) throws -> Media {
        if let fault = Self.fault(in: language) { throw Problem.invalid("language", fault) }
        guard let string = String(validating: text, as: UTF8.self) else { throw Problem.invalid("body", "is no UTF-8") }
        let track: WebVTT
        do throws(WebVTT.Fault) {
            track = try WebVTT(reading: string)
        } catch {
            throw Problem.invalid("body", error.description)
        }
        let name = Self.prefix + language.lowercased()
        return try change(id, caller) { media in
            let duration = media.details?["duration"]?.double ?? Double(track.cues.map(\.end).max() ?? 0) / 1000
            return [
                (MediaVariant(name: name, fileExtension: "vtt", mimeType: "text/vtt", size: 0), track.text),
                (
                    MediaVariant(name: name, fileExtension: "m3u8", mimeType: Self.playlistType, size: 0),
                    HLSPlaylist.track("\(name).vtt", duration: duration)
                ),
            ]
        } removing: { _ in
            false
        }
    }

    /// - Throws: 404 where there are none in this language.
    func remove(_ language: String, of id: String, _ caller: Caller) throws -> Media {
        let name = Self.prefix + language.lowercased()
        let media = try film(id, caller)
        guard media.variants.contains(where: { $0.name == name }) else {
            throw Problem(.notFound, "The film has no captions in this language.")
        }
        return try change(id, caller) { _ in
            []
        } removing: {
            $0.name == name
        }
    }

    private func film(_ id: String, _ caller: Caller) throws -> Media {
        let media = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        guard media.type == .video, media.sha256 != nil else {
            throw Problem(.wrongStatus, "Only films have captions.")
        }
        return media
    }

    private func change(
        _ id: String, _ caller: Caller, _ files: (Media) -> [(MediaVariant, String)],
        removing: @escaping (MediaVariant) -> Bool
    ) throws -> Media {
        for attempt in 0... {
            let media = try film(id, caller)
            let known = try VariantRepository(context.connection).all(of: media.id)
            var texts = files(media)
            if let entry = known.first(where: { $0.variant.fileName == Self.master }) {
                let made = texts.map { VariantRepository.Entry($0.0, sha256: "") }
                let left = known.filter {
                    !removing($0.variant) && !texts.map(\.0.fileName).contains($0.variant.fileName)
                }
                let tracks = Self.all(left + made).map(\.listed)
                texts.append((entry.variant, HLSPlaylist.master(try read(entry), tracks: tracks)))
            }
            var order = CommitVariants.Order()
            order.made = try texts.map { variant, text in
                .init(
                    variant: variant,
                    file: try context.environment.storage.stage(Array(text.utf8), as: context.stagingName()))
            }
            order.removes = removing
            order.isCurrent = { $0.map(\.sha256) == known.map(\.sha256) }
            do {
                try CommitVariants(context: context).run(order, of: media, by: caller.name)
                return try film(id, caller)
            } catch is CommitVariants.Outdated where attempt < 10 {
                continue
            } catch is CommitVariants.Superseded {
                throw Problem.mediaNotFound(id)
            }
        }
        throw Problem.unavailable("The film is being changed by others.", retryAfter: 5)
    }

    /// A small content, wherever it lies.
    private func read(_ entry: VariantRepository.Entry) throws -> String {
        guard let blob = try BlobRepository(context.connection).find(entry.sha256) else {
            throw CommitVariants.Outdated()
        }
        final class Collected { var bytes: [UInt8] = [] }
        let collected = Collected()
        let key = BlobKey(sha256: entry.sha256, token: blob.place.token)
        try context.environment.stores.storage(blob.place.store).read(key, 0..<min(blob.size, 1 << 20)) {
            collected.bytes += $0
        }
        return String(decoding: collected.bytes, as: UTF8.self)
    }
}
