/// Something that was made of a record's file, as the record has it.
package struct MediaVariant: Equatable, Sendable {
    /// Such as `thumb`, of a-z, 0-9 and `-`; one name may be there in several formats.
    package var name: String
    /// Of its file's name, such as `webp`.
    package var fileExtension: String
    package var mimeType: String
    /// Bytes.
    package var size: Int64
    /// Pixels.
    package var width: Int64?
    package var height: Int64?
    /// Milliseconds.
    package var duration: Int64?
    /// The first digits of its content's hash: another content of the same name has another URL.
    package var mark = ""

    package init(
        name: String, fileExtension: String, mimeType: String, size: Int64, width: Int64? = nil, height: Int64? = nil,
        duration: Int64? = nil
    ) {
        self.name = name
        self.fileExtension = fileExtension
        self.mimeType = mimeType
        self.size = size
        self.width = width
        self.height = height
        self.duration = duration
    }

    /// As the last part of its URLs.
    package var fileName: String { "\(name).\(fileExtension)" }

    private var members: [JSON.Member] {
        [
            .init("name", .string(name)), .init("type", .string(mimeType)),
            .init("width", width.map(JSON.integer) ?? .null), .init("height", height.map(JSON.integer) ?? .null),
            .init("duration", duration.map { JSON(Double($0) / 1000) } ?? .null), .init("size", .integer(size)),
        ]
    }

    /// As the record's column has it.
    package var stored: JSON {
        .object(
            [
                .init("extension", .string(fileExtension)), .init("mark", .string(mark)),
                .init("milliseconds", duration.map(JSON.integer) ?? .null),
            ]
                + members.filter { $0.name != "duration" })
    }

    package init?(stored json: JSON) {
        guard let name = json["name"]?.string, let ending = json["extension"]?.string, let type = json["type"]?.string,
            let size = json["size"]?.integer
        else { return nil }
        self.init(
            name: name, fileExtension: ending, mimeType: type, size: size, width: json["width"]?.integer,
            height: json["height"]?.integer, duration: json["milliseconds"]?.integer)
        mark = json["mark"]?.string ?? ""
    }

    /// As answers have it; a duration is in seconds.
    package func json(url: String) -> JSON { .object(members + [.init("url", .string(url))]) }
}
