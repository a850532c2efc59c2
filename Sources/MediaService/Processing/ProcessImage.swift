import MediaCore
import MediaProcessing

/// Makes of a picture those of the presets, and one that tells nothing of its maker.
struct ProcessImage {
    let workplace: Workplace

    /// - Parameter preset: the one that is to be made; nil: all, and what else there is to know.
    func run(_ preset: String?) throws {
        let (media, configuration) = (workplace.media, workplace.configuration)
        let usual = (configuration.imagePresets(of: media.processing ?? "") ?? []).filter { !$0.isLater }
        let presets = preset.map { [ImagePreset($0)].compactMap(\.self) } ?? usual
        var order = ImageOrder(
            source: workplace.source, mimeType: media.mimeType, folder: workplace.folder, presets: presets,
            formats: configuration.imageFormats)
        order.limits.pixels = Int64(configuration.number(.imagePixels))
        order.limits.frames = Int64(configuration.number(.imageFrames))
        order.focus = Self.focus(media.metadata)
        order.watermark = configuration.optionalText(.watermark)
        order.cleans = preset == nil && configuration.text(.imageCleaning) == "on"
        let (made, variants) = try Self.make(order, workplace)
        if preset != nil { return try workplace.commit(.init(made: variants, isReady: false)) }
        let clean = made["clean"]?["file"].map { _ in
            Workplace.Made(
                variant: MediaVariant(
                    name: "clean", fileExtension: FileType.stored(as: media.mimeType)?.fileExtension ?? "bin",
                    mimeType: media.mimeType, size: 0),
                path: "\(workplace.folder)/clean.\(media.mimeType.split(separator: "/").last ?? "")", isHidden: true)
        }
        try workplace.commit(
            .init(
                made: variants + [clean].compactMap(\.self), replacesAll: true, details: details(made), shown: clean,
                isReady: true))
    }

    /// What the program says, and the pictures that it has made.
    static func make(_ order: ImageOrder, _ workplace: Workplace) throws -> (answer: JSON, variants: [Workplace.Made]) {
        let program = Program.beside("mediad-image")
        let said = try workplace.run(
            program, [], input: Array(order.json.text.utf8), reads: [program] + (order.watermark.map { [$0] } ?? []))
        let answer = try JSONParser.parse(said.bytes)
        return (answer, (answer["variants"]?.array ?? []).compactMap { made($0, order) })
    }

    /// What it says of one picture. It may have been taken over by what it has read, so names and places are those that were ordered.
    private static func made(_ json: JSON, _ order: ImageOrder) -> Workplace.Made? {
        guard let name = json["name"]?.string, order.presets.contains(where: { $0.name == name }),
            let type = json["type"]?.string, ["image/avif", "image/webp", "image/jpeg", "image/png"].contains(type),
            let ending = FileType.stored(as: type)?.fileExtension
        else { return nil }
        return .init(
            variant: MediaVariant(
                name: name, fileExtension: ending, mimeType: type, size: 0, width: json["width"]?.integer,
                height: json["height"]?.integer), path: "\(order.folder)/\(name).\(ending)")
    }

    private func details(_ made: JSON) -> JSON {
        var members = ["width", "height", "frames", "hasAlpha", "thumbHash", "colour"].compactMap { name in
            made[name].map { JSON.Member(name, $0) }
        }
        members += made["facts"]?.object ?? []
        return .object(members)
    }

    /// The platform may say in the metadata which part of a picture has to stay: `"focalPoint": {"x": 0.5, "y": 0.3}`, from the left and
    /// from the top.
    private static func focus(_ metadata: JSON?) -> ImageOrder.Focus? {
        guard let point = metadata?["focalPoint"], let x = point["x"]?.double, let y = point["y"]?.double,
            (0...1).contains(x), (0...1).contains(y)
        else { return nil }
        return .init(x: x, y: y)
    }
}
