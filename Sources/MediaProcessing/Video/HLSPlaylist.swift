import MediaCore

/// Playlists of HTTP Live Streaming (RFC 8216).
package enum HLSPlaylist {
    /// A rendition, as the master playlist names it.
    package struct Rendition: Equatable, Sendable {
        package var rung: VideoLadder.Rung
        /// Bits a second: at most, and on the mean (RFC 8216 §4.3.4.2).
        package var peak: Int64
        package var mean: Int64
        /// As RFC 6381 has them.
        package var codecs: String

        package init(rung: VideoLadder.Rung, peak: Int64, mean: Int64, codecs: String) {
            self.rung = rung
            self.peak = peak
            self.mean = mean
            self.codecs = codecs
        }
    }

    /// A text track, as the master playlist names it.
    package struct Track: Equatable, Sendable {
        /// Its playlist.
        package var file: String
        /// BCP 47.
        package var language: String
        package var title: String

        package init(file: String, language: String, title: String) {
            self.file = file
            self.language = language
            self.title = title
        }
    }

    /// What a media playlist with byte ranges says of its segments.
    ///
    /// - Returns: nil for what is none.
    package static func rates(_ playlist: String) -> (peak: Int64, mean: Int64)? {
        var (duration, bytes, time, peak) = (0.0, 0.0, 0.0, 0.0)
        for line in playlist.split(separator: "\n") {
            if line.hasPrefix("#EXTINF:") {
                duration = Double(line.dropFirst("#EXTINF:".count).prefix { $0 != "," }) ?? 0
            } else if line.hasPrefix("#EXT-X-BYTERANGE:"), duration > 0 {
                let size = Double(line.dropFirst("#EXT-X-BYTERANGE:".count).prefix { $0 != "@" }) ?? 0
                bytes += size
                time += duration
                peak = max(peak, size * 8 / duration)
            }
        }
        guard time > 0, let most = Int64(nearest: peak.rounded(.up)),
            let mean = Int64(nearest: (bytes * 8 / time).rounded(.up))
        else { return nil }
        return (most, mean)
    }

    /// The codecs of a rendition that was made.
    package static func codecs(_ probe: MediaProbe) -> String? {
        guard let video = probe.video, let codec = VideoCodec(rawValue: video.codec), let picture = codec.name(video)
        else { return nil }
        return probe.audio == nil ? picture : "\(picture),mp4a.40.2"
    }

    package static func master(_ renditions: [Rendition], frameRate: Double, tracks: [Track] = []) -> String {
        var lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
        lines += tracks.enumerated().map(listed)
        for rendition in renditions {
            let rung = rendition.rung
            let rate = (frameRate * 1000).rounded() / 1000
            lines.append(
                "#EXT-X-STREAM-INF:BANDWIDTH=\(rendition.peak),AVERAGE-BANDWIDTH=\(rendition.mean),"
                    + "RESOLUTION=\(rung.width)x\(rung.height),FRAME-RATE=\(rate),CODECS=\"\(rendition.codecs)\""
                    + (tracks.isEmpty ? "" : ",SUBTITLES=\"text\""))
            lines.append("\(rung.name).m3u8")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func listed(_ index: Int, _ track: Track) -> String {
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\",NAME=\"\(track.title)\",LANGUAGE=\"\(track.language)\","
            + "DEFAULT=\(index == 0 ? "YES" : "NO"),AUTOSELECT=YES,FORCED=NO,URI=\"\(track.file)\""
    }

    /// The same master playlist with other text tracks.
    package static func master(_ master: String, tracks: [Track]) -> String {
        let group = ",SUBTITLES=\"text\""
        var lines = master.split(separator: "\n").filter { !$0.hasPrefix("#EXT-X-MEDIA:TYPE=SUBTITLES") }.map { line in
            guard line.hasPrefix("#EXT-X-STREAM-INF:") else { return String(line) }
            return line.replacing(group, with: "") + (tracks.isEmpty ? "" : group)
        }
        lines.insert(contentsOf: tracks.enumerated().map(listed), at: min(3, lines.count))
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text track's playlist: one segment, the whole track.
    package static func track(_ file: String, duration: Double) -> String {
        """
        #EXTM3U
        #EXT-X-VERSION:7
        #EXT-X-TARGETDURATION:\(max(1, Int(duration.rounded(.up))))
        #EXT-X-MEDIA-SEQUENCE:0
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXTINF:\(max(1, duration)),
        \(file)
        #EXT-X-ENDLIST

        """
    }
}
