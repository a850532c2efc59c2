package import MediaCore

/// What `mediad-image` is to make of a picture, in JSON on its standard input.
package struct ImageOrder: Equatable, Sendable {
    package enum Format: String, CaseIterable, Sendable {
        case avif, webp, jpeg

        package var mimeType: String { "image/\(rawValue)" }
    }

    package struct Limits: Equatable, Sendable {
        /// Of a whole picture, all its frames.
        package var pixels: Int64 = 200_000_000
        package var frames: Int64 = 1000
        /// Of the longer side to the shorter one.
        package var ratio: Int64 = 200

        package init() {}
    }

    /// The types that are read.
    package static let readTypes: Set<String> = [
        "image/jpeg", "image/png", "image/webp", "image/avif", "image/heic", "image/heif", "image/gif", "image/tiff",
        "image/svg+xml",
    ]

    package var source: String
    /// As it was detected.
    package var mimeType: String
    /// Where files are written to.
    package var folder: String
    package var presets: [ImagePreset]
    /// In which each preset is made; PNG stands in for JPEG where there is transparency.
    package var formats: [Format]
    package var limits = Limits()
    /// Where the part is that has to stay, from 0, left or top, to 1.
    package var focus: Focus?
    /// A picture that is put over those whose preset says so.
    package var watermark: String?
    /// Whether a copy without what tells on its maker is made where the picture does.
    package var cleans = false

    package struct Focus: Equatable, Sendable {
        package var x: Double
        package var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    package init(source: String, mimeType: String, folder: String, presets: [ImagePreset], formats: [Format]) {
        self.source = source
        self.mimeType = mimeType
        self.folder = folder
        self.presets = presets
        self.formats = formats
    }

    package var json: JSON {
        .object([
            .init("source", .string(source)), .init("mimeType", .string(mimeType)), .init("folder", .string(folder)),
            .init("presets", .array(presets.map { .string("\($0.name)=\($0.form)") })),
            .init("formats", .array(formats.map { .string($0.rawValue) })), .init("pixels", .integer(limits.pixels)),
            .init("frames", .integer(limits.frames)), .init("ratio", .integer(limits.ratio)),
            .init("focus", focus.map { .array([JSON($0.x), JSON($0.y)]) } ?? .null),
            .init("watermark", JSON(watermark)), .init("cleans", .bool(cleans)),
        ])
    }

    /// Nil where something is missing.
    package init?(_ json: JSON) {
        func texts(_ name: String) -> [String]? { json[name]?.array?.compactMap(\.string) }
        guard let source = json["source"]?.string, let mimeType = json["mimeType"]?.string,
            let folder = json["folder"]?.string, let presets = texts("presets"), let formats = texts("formats"),
            let pixels = json["pixels"]?.integer, let frames = json["frames"]?.integer,
            let ratio = json["ratio"]?.integer
        else { return nil }
        self.init(
            source: source, mimeType: mimeType, folder: folder, presets: presets.compactMap { ImagePreset($0) },
            formats: formats.compactMap(Format.init(rawValue:)))
        (limits.pixels, limits.frames, limits.ratio) = (pixels, frames, ratio)
        if let point = json["focus"]?.array, point.count == 2, let x = point[0].double, let y = point[1].double {
            focus = Focus(x: x, y: y)
        }
        watermark = json["watermark"]?.string
        cleans = json["cleans"] == .bool(true)
    }
}
