import MediaCore
import Testing

struct FileTypeTests {
    @Test(
        "finds a type by its names",
        arguments: [
            ("image/jpeg", "image/jpeg"), ("IMAGE/JPEG", "image/jpeg"), ("image/jpg", "image/jpeg"),
            ("Image/PJPEG", "image/jpeg"), ("image/x-png", "image/png"), ("image/x-ms-bmp", "image/bmp"),
            ("image/vnd.microsoft.icon", "image/x-icon"), ("image/svg", "image/svg+xml"), ("image/tif", "image/tiff"),
            ("image/heic-sequence", "image/heic"), ("image/heif-sequence", "image/heif"), ("video/x-mp4", "video/mp4"),
            ("application/mp4", "video/mp4"), ("video/avi", "video/x-msvideo"), ("video/vnd.avi", "video/x-msvideo"),
            ("video/x-ms-asf", "video/x-ms-wmv"), ("video/3gpp2", "video/3gpp"), ("video/matroska", "video/x-matroska"),
            ("application/x-matroska", "video/x-matroska"), ("video/mpv", "video/mpeg"), ("audio/mp3", "audio/mpeg"),
            ("audio/x-m4a", "audio/mp4"), ("audio/x-wav", "audio/wav"), ("audio/vnd.wave", "audio/wav"),
            ("audio/x-flac", "audio/flac"), ("audio/x-hx-aac-adts", "audio/aac"), ("audio/opus", "audio/ogg"),
            ("audio/x-aiff", "audio/aiff"), ("audio/x-midi", "audio/midi"), ("application/ogg", "audio/ogg"),
            ("application/x-pdf", "application/pdf"), ("text/x-markdown", "text/markdown"),
            ("application/rtf", "text/rtf"), ("application/csv", "text/csv"), ("text/json", "application/json"),
            ("application/x-zip-compressed", "application/zip"), ("application/x-gzip", "application/gzip"),
            ("application/x-rar", "application/vnd.rar"), ("application/x-sqlite3", "application/vnd.sqlite3"),
        ])
    func named(name: String, mimeType: String) {
        #expect(FileType.named(name)?.mimeType == mimeType)
    }

    @Test(
        "doesn't know other names",
        arguments: [
            "", "/", "image/", "image/*", "image", "jpg", "text/html", "application/xhtml+xml", "text/javascript",
            "application/octet-stream", "image/jpeg; q=1", " image/jpeg", "application/x-dosexec",
        ])
    func unknown(name: String) {
        #expect(FileType.named(name) == nil)
    }

    @Test(
        "finds a type by a file's ending",
        arguments: [
            ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("jpe", "image/jpeg"), ("tif", "image/tiff"),
            ("mpeg", "video/mpeg"), ("qt", "video/quicktime"), ("mp4", "video/mp4"), ("oga", "audio/ogg"),
            ("opus", "audio/ogg"), ("aif", "audio/aiff"), ("midi", "audio/midi"), ("wave", "audio/wav"),
            ("text", "text/plain"), ("log", "text/plain"), ("markdown", "text/markdown"), ("tgz", "application/gzip"),
        ])
    func withExtension(ending: String, mimeType: String) {
        #expect(FileType.withExtension(ending)?.mimeType == mimeType)
    }

    @Test(
        "knows no type for other endings", arguments: ["", "html", "htm", "php", "exe", "js", ".jpg", "bin", "xhtml"])
    func unknownExtension(ending: String) {
        #expect(FileType.withExtension(ending) == nil)
    }

    @Test("every type is found by its own name and ending, both lower case", arguments: FileType.all)
    func table(type: FileType) {
        #expect(FileType.named(type.mimeType) == type)
        #expect(FileType.withExtension(type.fileExtension) == type)
        #expect(type.mimeType == type.mimeType.lowercased() && type.fileExtension == type.fileExtension.lowercased())
        #expect(type.fileExtension.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "z") })
    }

    @Test("a type counts as what its name says, and a kind has types", arguments: FileType.all)
    func mediaType(type: FileType) {
        let expected: [Substring: MediaType] = ["image": .image, "video": .video, "audio": .audio, "text": .document]
        if let expected = expected[type.mimeType.prefix { $0 != "/" }] {
            #expect(type.mediaType == expected)
        } else {
            #expect([.document, .other].contains(type.mediaType))
        }
    }

    @Test("a browser shows in place exactly what can't run scripts and what it can show")
    func inline() {
        #expect(
            Set(FileType.all.filter(\.isInline).map(\.fileExtension)) == [
                "jpg", "png", "gif", "webp", "avif", "bmp", "mp4", "m4v", "webm", "ogv", "mov", "mp3", "m4a", "wav",
                "ogg", "flac", "aac", "weba", "pdf", "txt",
            ])
        #expect(FileType.named("image/svg+xml")?.isInline == false)
    }

    @Test("an unlisted type keeps its name and is served as bytes", arguments: ["text/html", "application/x-foo"])
    func unlisted(mimeType: String) {
        let type = FileType.unlisted(mimeType)
        #expect(type.mimeType == mimeType)
        #expect(type.mediaType == .other)
        #expect(type.fileExtension == "bin")
        #expect(!type.isInline)
    }
}
