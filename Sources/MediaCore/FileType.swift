/// A type of file the service knows: how it is served and what it counts as.
package struct FileType: Hashable, Sendable {
    /// As in `Content-Type`.
    package let mimeType: String
    /// The value of `Content-Type` of an answer with the file.
    package let contentType: String
    package let mediaType: MediaType
    /// The extension of its public name; nginx takes the public file's type from it.
    package let fileExtension: String
    /// Whether a browser may show it in place. All else is offered as a download.
    package let isInline: Bool

    private init(_ mimeType: String, _ mediaType: MediaType, _ fileExtension: String, inline: Bool = false) {
        self.mimeType = mimeType
        contentType = mimeType.hasPrefix("text/") ? "\(mimeType); charset=utf-8" : mimeType
        self.mediaType = mediaType
        self.fileExtension = fileExtension
        isInline = inline
    }

    /// A type that isn't in the table but that the settings allow: kept as what it is, always served as bytes.
    package static func unlisted(_ mimeType: String) -> FileType { FileType(mimeType, .other, "bin") }

    /// The known type, by its name or one of the other names libmagic and browsers have for it.
    package static func named(_ mimeType: String) -> FileType? {
        let name = mimeType.lowercased()
        return byName[aliases[name] ?? name]
    }

    /// Whether a text has the form of a media type without parameters (RFC 9110 §8.3.1), as the column holds it.
    package static func isName(_ text: String) -> Bool {
        let halves = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let marks = Set("!#$&-^_.+".utf8)
        return text.utf8.count <= 127 && halves.count == 2
            && halves.allSatisfy { half in
                !half.isEmpty
                    && half.allSatisfy { byte in
                        let letter = byte | 0x20
                        return (0x30...0x39).contains(byte) || (0x61...0x7A).contains(letter) || marks.contains(byte)
                    }
            }
    }

    /// The known type of a record, by the name that the table has for it.
    package static func stored(as mimeType: String) -> FileType? { byName[mimeType] }

    /// The known type that files with this ending (lower case, no dot) usually have.
    package static func withExtension(_ ending: String) -> FileType? {
        byExtension[endings[ending] ?? ending]
    }

    package static let all: [FileType] = [
        FileType("image/jpeg", .image, "jpg", inline: true),
        FileType("image/png", .image, "png", inline: true),
        FileType("image/gif", .image, "gif", inline: true),
        FileType("image/webp", .image, "webp", inline: true),
        FileType("image/avif", .image, "avif", inline: true),
        FileType("image/bmp", .image, "bmp", inline: true),
        FileType("image/heic", .image, "heic"),
        FileType("image/heif", .image, "heif"),
        FileType("image/tiff", .image, "tiff"),
        FileType("image/x-icon", .image, "ico"),
        // A picture that can run scripts: never shown in place.
        FileType("image/svg+xml", .image, "svg"),

        FileType("video/mp4", .video, "mp4", inline: true),
        FileType("video/x-m4v", .video, "m4v", inline: true),
        FileType("video/webm", .video, "webm", inline: true),
        FileType("video/ogg", .video, "ogv", inline: true),
        FileType("video/quicktime", .video, "mov", inline: true),
        FileType("video/x-matroska", .video, "mkv"),
        FileType("video/x-msvideo", .video, "avi"),
        FileType("video/mpeg", .video, "mpg"),
        FileType("video/3gpp", .video, "3gp"),
        FileType("video/x-ms-wmv", .video, "wmv"),
        FileType("video/x-flv", .video, "flv"),
        FileType("video/mp2t", .video, "ts"),

        FileType("audio/mpeg", .audio, "mp3", inline: true),
        FileType("audio/mp4", .audio, "m4a", inline: true),
        FileType("audio/wav", .audio, "wav", inline: true),
        FileType("audio/ogg", .audio, "ogg", inline: true),
        FileType("audio/flac", .audio, "flac", inline: true),
        FileType("audio/aac", .audio, "aac", inline: true),
        FileType("audio/webm", .audio, "weba", inline: true),
        FileType("audio/aiff", .audio, "aiff"),
        FileType("audio/amr", .audio, "amr"),
        FileType("audio/midi", .audio, "mid"),
        FileType("audio/x-ms-wma", .audio, "wma"),

        FileType("application/pdf", .document, "pdf", inline: true),
        FileType("text/plain", .document, "txt", inline: true),
        FileType("text/csv", .document, "csv"),
        FileType("text/markdown", .document, "md"),
        FileType("text/vtt", .document, "vtt"),
        FileType("text/rtf", .document, "rtf"),
        FileType("application/msword", .document, "doc"),
        FileType("application/vnd.ms-excel", .document, "xls"),
        FileType("application/vnd.ms-powerpoint", .document, "ppt"),
        FileType("application/vnd.openxmlformats-officedocument.wordprocessingml.document", .document, "docx"),
        FileType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", .document, "xlsx"),
        FileType("application/vnd.openxmlformats-officedocument.presentationml.presentation", .document, "pptx"),
        FileType("application/vnd.oasis.opendocument.text", .document, "odt"),
        FileType("application/vnd.oasis.opendocument.spreadsheet", .document, "ods"),
        FileType("application/vnd.oasis.opendocument.presentation", .document, "odp"),
        FileType("application/epub+zip", .document, "epub"),
        FileType("application/postscript", .document, "ps"),

        FileType("application/vnd.apple.mpegurl", .other, "m3u8"),
        FileType("application/json", .other, "json"),
        FileType("application/zip", .other, "zip"),
        FileType("application/gzip", .other, "gz"),
        FileType("application/x-tar", .other, "tar"),
        FileType("application/x-bzip2", .other, "bz2"),
        FileType("application/x-xz", .other, "xz"),
        FileType("application/zstd", .other, "zst"),
        FileType("application/x-7z-compressed", .other, "7z"),
        FileType("application/vnd.rar", .other, "rar"),
        FileType("application/x-subrip", .other, "srt"),
        FileType("application/vnd.sqlite3", .other, "sqlite"),
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.mimeType, $0) })
    private static let byExtension = Dictionary(uniqueKeysWithValues: all.map { ($0.fileExtension, $0) })

    private static let endings = [
        "jpeg": "jpg", "jpe": "jpg", "tif": "tiff", "mpeg": "mpg", "qt": "mov", "oga": "ogg", "opus": "ogg",
        "aif": "aiff", "midi": "mid", "text": "txt", "log": "txt", "markdown": "md", "tgz": "gz", "wave": "wav",
    ]

    private static let aliases = [
        "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png",
        "image/x-ms-bmp": "image/bmp", "image/vnd.microsoft.icon": "image/x-icon", "image/svg": "image/svg+xml",
        "image/heic-sequence": "image/heic", "image/heif-sequence": "image/heif", "image/tif": "image/tiff",
        "video/x-mp4": "video/mp4", "video/avi": "video/x-msvideo", "video/vnd.avi": "video/x-msvideo",
        "video/msvideo": "video/x-msvideo", "application/mp4": "video/mp4", "video/mpeg4-generic": "video/mp4",
        "video/x-ms-asf": "video/x-ms-wmv", "video/3gpp2": "video/3gpp", "video/matroska": "video/x-matroska",
        "application/x-matroska": "video/x-matroska", "video/mpv": "video/mpeg", "video/x-mpeg": "video/mpeg",
        "audio/mp3": "audio/mpeg", "audio/x-mp3": "audio/mpeg",
        "audio/m4a": "audio/mp4", "audio/x-m4a": "audio/mp4", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav",
        "audio/vnd.wave": "audio/wav", "audio/x-flac": "audio/flac", "audio/x-aac": "audio/aac",
        "audio/x-hx-aac-adts": "audio/aac", "audio/aacp": "audio/aac", "audio/opus": "audio/ogg",
        "audio/vorbis": "audio/ogg", "audio/x-aiff": "audio/aiff", "audio/mid": "audio/midi",
        "audio/x-midi": "audio/midi", "application/ogg": "audio/ogg",
        "application/x-pdf": "application/pdf", "text/x-markdown": "text/markdown", "application/rtf": "text/rtf",
        "text/comma-separated-values": "text/csv", "application/csv": "text/csv",
        "application/x-zip-compressed": "application/zip", "application/x-zip": "application/zip",
        "application/x-gzip": "application/gzip", "application/x-rar": "application/vnd.rar",
        "application/x-rar-compressed": "application/vnd.rar", "application/x-zstd": "application/zstd",
        "application/x-sqlite3": "application/vnd.sqlite3", "text/json": "application/json",
    ]
}
