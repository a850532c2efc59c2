import MediaCore

/// What a picture's metadata say (EXIF, IPTC, XMP): what helps to find it and to show it, and whether there is something that tells on its
/// maker, which is told here of to nobody.
struct PictureFacts {
    private var members: [JSON.Member] = []
    /// Whether there is something of the kind in it: a place, a serial number or a name that its maker may not know of.
    private(set) var isRevealing = false

    private static let texts = [
        ("make", "exif-ifd0-Make"), ("model", "exif-ifd0-Model"), ("lens", "exif-ifd2-LensModel"),
        ("takenAt", "exif-ifd2-DateTimeOriginal"), ("artist", "exif-ifd0-Artist"),
        ("copyright", "exif-ifd0-Copyright"), ("description", "exif-ifd0-ImageDescription"),
    ]
    private static let numbers = [
        ("exposure", "exif-ifd2-ExposureTime"), ("aperture", "exif-ifd2-FNumber"),
        ("iso", "exif-ifd2-ISOSpeedRatings"), ("focalLength", "exif-ifd2-FocalLength"),
    ]
    private static let maxText = 500

    init(_ picture: Picture) {
        for (name, field) in Self.texts { add(name, picture.text(field).map(Self.exifText)) }
        for (name, field) in Self.numbers { add(name, picture.text(field).map(Self.exifNumber)) }
        if let orientation = picture.integer("orientation"), (2...8).contains(orientation) {
            members.append(.init("orientation", .integer(Int64(orientation))))
        }
        // Also what nobody here can read: a copy costs little.
        isRevealing = picture.fields.contains { name in
            ["exif-data", "xmp-data", "iptc-data", "photoshop-data"].contains(name) || name.hasPrefix("png-comment")
        }
        if let xmp = picture.blob("xmp-data") { read(xmp: String(decoding: xmp, as: UTF8.self)) }
        if let iptc = picture.blob("iptc-data") { read(iptc: iptc) }
    }

    var json: JSON { .object(members) }

    private mutating func add(_ name: String, _ text: String?) {
        guard let text, !members.contains(where: { $0.name == name }) else { return }
        let shown = TextRules.prefix(
            String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }), Self.maxText)
        let trimmed = shown.drop { $0 == " " }
        if !trimmed.isEmpty { members.append(.init(name, .string(String(trimmed)))) }
    }

    // MARK: EXIF

    /// libvips has `value (value, ASCII, n components, m bytes)`.
    private static func exifText(_ text: String) -> String {
        var end = text.endIndex
        while let open = text[..<end].lastIndex(of: "(") {
            let value = text[..<open].dropLast()
            if text[open...].dropFirst().hasPrefix(value + ", ") { return String(value) }
            end = open
        }
        return text
    }

    /// Of a number the part in brackets is how it is said: `1/60 (1/60 sec., …)`.
    private static func exifNumber(_ text: String) -> String {
        guard let open = text.firstIndex(of: "(") else { return text }
        return String(text[text.index(after: open)...].prefix { $0 != "," })
    }

    // MARK: IPTC

    /// IIM data sets of record 2, wherever in the block they stand.
    private mutating func read(iptc: [UInt8]) {
        var keywords: [String] = []
        var index = 0
        while index + 5 <= iptc.count {
            guard iptc[index] == 0x1C, iptc[index + 1] == 2 else {
                index += 1
                continue
            }
            let length = Int(iptc[index + 3]) << 8 | Int(iptc[index + 4])
            let end = index + 5 + length
            guard length < 0x8000, end <= iptc.count else { break }
            let text = String(decoding: iptc[(index + 5)..<end], as: UTF8.self)
            switch iptc[index + 2] {
            case 5: add("title", text)
            case 25: keywords.append(text)
            case 80: add("artist", text)
            case 116: add("copyright", text)
            case 120: add("description", text)
            default: break
            }
            index = end
        }
        add("keywords", keywords.isEmpty ? nil : keywords.prefix(50).joined(separator: ", "))
    }

    // MARK: XMP

    private mutating func read(xmp: String) {
        for (name, tag) in [
            ("title", "dc:title"), ("description", "dc:description"), ("artist", "dc:creator"),
            ("copyright", "dc:rights"), ("keywords", "dc:subject"),
        ] {
            let items = Self.items(of: tag, in: xmp)
            add(name, items.isEmpty ? nil : items.prefix(50).joined(separator: ", "))
        }
    }

    /// The texts of a property's list.
    private static func items(of tag: String, in xmp: String) -> [String] {
        guard let start = xmp.firstRange(of: "<\(tag)>"), let end = xmp[start.upperBound...].firstRange(of: "</\(tag)>")
        else { return [] }
        return xmp[start.upperBound..<end.lowerBound].split(separator: "<rdf:li").dropFirst().compactMap { item in
            guard let open = item.firstIndex(of: ">") else { return nil }
            let text = item[item.index(after: open)...].prefix { $0 != "<" }
            return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
                .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
        }
    }
}
