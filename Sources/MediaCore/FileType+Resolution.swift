extension FileType {
    /// What to make of a file whose bytes say one thing and whose sender may say another.
    package enum Resolution: Equatable, Sendable {
        case resolved(FileType)
        /// The bytes are something the table doesn't have.
        case unlisted(mimeType: String)
        /// The bytes are of another kind than declared.
        case mismatch(detected: String, declared: String)
    }

    /// The type of a file.
    ///
    /// The bytes decide. The sender's word, and failing that the name's ending, only refines where the bytes leave it
    /// open (a CSV file is plain text, a word processor's file may look like any zip). A sender who declares another
    /// kind of media than the bytes are is refused; declaring PNG for a JPEG is not worth a refusal.
    ///
    /// - Parameters:
    ///   - detected: what libmagic says of the bytes.
    ///   - declared: the sender's `Content-Type` without parameters, or nil where none was sent.
    ///   - fileName: what the sender calls the file.
    package static func resolve(detected: String, declared: String?, fileName: String) -> Resolution {
        let sender = declared.flatMap { isUnspecific($0) ? nil : $0 }
        let hint = sender.flatMap(named) ?? FileName.split(fileName).ending.flatMap(withExtension)
        let family = family(of: detected)

        if let hint, let family, family.contains(hint.mimeType) { return .resolved(hint) }
        if let known = named(detected) ?? (isProgramText(detected) ? named("text/plain") : nil) {
            if let sender, !agree(sender, known) { return .mismatch(detected: detected, declared: sender) }
            return .resolved(known)
        }
        return .unlisted(mimeType: detected)
    }

    /// Whether a declared type is near enough to what the bytes are.
    private static func agree(_ declared: String, _ known: FileType) -> Bool {
        if family(of: declared.lowercased())?.contains(known.mimeType) == true { return true }
        if let declared = named(declared) { return declared.mediaType == known.mediaType }
        // A type we don't know: at least its first half has to fit, as in `image/x-something`. Text goes by many names.
        let half = declared.lowercased().prefix { $0 != "/" }
        return known.mimeType.prefix { $0 != "/" } == half || (half == "application" && known.mediaType == .document)
    }

    private static func isUnspecific(_ mimeType: String) -> Bool {
        ["application/octet-stream", "binary/octet-stream", "application/x-binary", "multipart/form-data", ""]
            .contains(mimeType.lowercased())
    }

    /// Source code is plain text here, whatever language libmagic thinks it is; HTML is not, since it runs.
    private static func isProgramText(_ mimeType: String) -> Bool {
        mimeType.hasPrefix("text/x-") || mimeType == "application/javascript"
            || ["text/troff", "text/xml", "text/calendar", "text/vcard"].contains(mimeType)
    }

    /// What the bytes may be more exactly, where libmagic can only tell the container.
    private static func family(of detected: String) -> Set<String>? {
        if detected == "text/plain" || isProgramText(detected) {
            return ["text/csv", "text/markdown", "text/vtt", "application/x-subrip", "text/plain", "application/json"]
        }
        return families[detected]
    }

    private static let families: [String: Set<String>] = {
        let zipped = Set(
            all.map(\.mimeType).filter {
                $0.hasPrefix("application/vnd.openxmlformats") || $0.hasPrefix("application/vnd.oasis")
                    || $0 == "application/epub+zip"
            })
        let compound: Set<String> = [
            "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
        ]
        return [
            "application/zip": zipped,
            "application/octet-stream": ["audio/mpeg", "video/mp2t"],
            "application/x-ole-storage": compound,
            "application/CDFV2": compound,
            "application/msword": compound,
            "video/mp4": ["audio/mp4", "video/x-m4v"],
            "video/x-m4v": ["video/mp4"],
            "video/webm": ["audio/webm"],
            "video/x-matroska": ["video/webm", "audio/webm"],
            "application/ogg": ["video/ogg", "audio/ogg"],
            "audio/ogg": ["video/ogg"],
            "video/x-ms-asf": ["audio/x-ms-wma"],
        ]
    }()
}
