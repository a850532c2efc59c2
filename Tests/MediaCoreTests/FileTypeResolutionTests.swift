import MediaCore
import Testing

struct FileTypeResolutionTests {
    private static let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

    private static func expect(_ detected: String, _ declared: String?, _ name: String, is mimeType: String) throws {
        let type = try #require(FileType.named(mimeType))
        #expect(FileType.resolve(detected: detected, declared: declared, fileName: name) == .resolved(type))
    }

    @Test(
        "the bytes decide between types of one kind, and where the sender says nothing",
        arguments: [
            ("image/jpeg", nil, "a.jpg", "image/jpeg"), ("image/jpeg", "image/png", "a.png", "image/jpeg"),
            ("image/jpeg", "IMAGE/JPG", "a", "image/jpeg"), ("image/png", nil, "a.pdf", "image/png"),
            ("image/png", "image/x-something", "a", "image/png"), ("video/x-ms-asf", nil, "a", "video/x-ms-wmv"),
            ("application/pdf", "application/octet-stream", "a.png", "application/pdf"),
            ("application/pdf", "", "a", "application/pdf"),
            ("application/pdf", "Binary/Octet-Stream", "a", "application/pdf"),
            ("application/pdf", "multipart/form-data", "a", "application/pdf"),
            ("application/pdf", "application/x-reader", "a", "application/pdf"),
            ("audio/x-wav", "audio/wav", "a", "audio/wav"),
            ("image/svg+xml", "image/png", "a.png", "image/svg+xml"),
            ("video/mp4", "video/webm", "a.webm", "video/mp4"),
            ("application/gzip", "application/x-tar", "a.tgz", "application/gzip"),
            ("application/zip", nil, "a.zip", "application/zip"),
        ] as [(String, String?, String, String)])
    func detected(detected: String, declared: String?, name: String, mimeType: String) throws {
        try Self.expect(detected, declared, name, is: mimeType)
    }

    @Test(
        "the sender's word, or the name's ending, refines what the bytes leave open",
        arguments: [
            ("text/plain", "text/csv", "a", "text/csv"), ("text/plain", nil, "a.CSV", "text/csv"),
            ("text/plain", "application/octet-stream", "a.md", "text/markdown"),
            ("text/plain", nil, "a.vtt", "text/vtt"),
            ("text/plain", "text/csv", "a.md", "text/csv"), ("text/plain", nil, "a.srt", "application/x-subrip"),
            ("text/plain", "application/json", "a", "application/json"), ("text/x-c", nil, "a.md", "text/markdown"),
            ("application/zip", docx, "a", docx), ("application/zip", nil, "a.docx", docx),
            ("application/zip", nil, "a.epub", "application/epub+zip"),
            ("application/CDFV2", nil, "a.ppt", "application/vnd.ms-powerpoint"),
            ("application/x-ole-storage", "application/msword", "a", "application/msword"),
            ("application/msword", nil, "a.xls", "application/vnd.ms-excel"), ("video/mp4", nil, "a.m4a", "audio/mp4"),
            ("video/mp4", "audio/x-m4a", "a", "audio/mp4"), ("video/webm", "audio/webm", "a", "audio/webm"),
            ("video/x-matroska", nil, "a.webm", "video/webm"), ("application/ogg", nil, "a.ogv", "video/ogg"),
            ("application/ogg", nil, "a.opus", "audio/ogg"), ("audio/ogg", "video/ogg", "a", "video/ogg"),
            ("application/octet-stream", nil, "a.mp3", "audio/mpeg"),
            ("application/octet-stream", "video/mp2t", "a", "video/mp2t"),
            ("video/x-ms-asf", "audio/x-ms-wma", "a", "audio/x-ms-wma"),
        ] as [(String, String?, String, String)])
    func refined(detected: String, declared: String?, name: String, mimeType: String) throws {
        try Self.expect(detected, declared, name, is: mimeType)
    }

    @Test(
        "source code is plain text, whatever its ending",
        arguments: [
            ("text/x-shellscript", nil, "a.sh"), ("text/x-php", nil, "a.php"), ("application/javascript", nil, "a.js"),
            ("text/xml", nil, "a.xml"), ("text/xml", "text/xml", "a.svg"), ("text/plain", nil, "a.html"),
            ("text/plain", "text/html", "a.html"), ("text/plain", nil, "a.svg"), ("text/plain", nil, "a.ts"),
            ("text/x-python", "text/x-script.python", "a.py"), ("text/troff", "application/x-troff", "a.1"),
        ] as [(String, String?, String)])
    func programText(detected: String, declared: String?, name: String) throws {
        try Self.expect(detected, declared, name, is: "text/plain")
    }

    @Test(
        "bytes of another kind of media than declared are refused",
        arguments: [
            ("application/pdf", "image/png"), ("image/png", "application/pdf"), ("text/plain", "image/svg+xml"),
            ("video/mp4", "image/gif"), ("audio/mpeg", "video/mp4"), ("application/zip", "image/jpeg"),
            ("text/x-php", "image/jpeg"), ("application/pdf", "image/x-something"), ("video/webm", "text/html"),
            ("application/zip", "text/x-foo"),
        ])
    func mismatch(detected: String, declared: String) {
        #expect(
            FileType.resolve(detected: detected, declared: declared, fileName: "a.png")
                == .mismatch(detected: detected, declared: declared))
    }

    @Test(
        "what the table doesn't have stays unlisted, whatever the sender says",
        arguments: [
            ("text/html", nil, "a.txt"), ("text/html", "text/plain", "a.txt"),
            ("application/x-dosexec", "image/png", "a.png"),
            ("application/octet-stream", nil, "a.pdf"), ("application/octet-stream", "image/png", "a.mp3"),
            ("application/octet-stream", "application/octet-stream", "a"), ("inode/x-empty", "text/plain", "a.txt"),
            ("application/x-executable", nil, "a.docx"), ("application/xhtml+xml", "text/csv", "a.csv"),
        ] as [(String, String?, String)])
    func unlisted(detected: String, declared: String?, name: String) {
        #expect(
            FileType.resolve(detected: detected, declared: declared, fileName: name) == .unlisted(mimeType: detected))
    }

    @Test(
        "a name that fits several kinds, or text by its plainest name, is no other kind than the bytes are",
        arguments: [
            // RFC 5334 §10: application/ogg may hold anything.
            ("video/ogg", "application/ogg", "a.ogv", "video/ogg"),
            // JSON and subtitles are text; a sender who says so is right.
            ("application/json", "text/plain", "a.txt", "application/json"),
            ("application/x-subrip", "text/plain", "a.srt", "application/x-subrip"),
        ])
    func generalNames(detected: String, declared: String, name: String, mimeType: String) throws {
        try Self.expect(detected, declared, name, is: mimeType)
    }
}
