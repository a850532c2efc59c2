import CVips
import MediaCore
import MediaProcessing

/// Describes a picture, and makes smaller ones of it. It is decoded once, no larger than the largest of them needs it.
struct PictureMaker {
    private static let loaders = [
        "image/jpeg": "VipsForeignLoadJpeg", "image/png": "VipsForeignLoadPng", "image/webp": "VipsForeignLoadWebp",
        "image/avif": "VipsForeignLoadHeif", "image/heic": "VipsForeignLoadHeif", "image/heif": "VipsForeignLoadHeif",
        "image/gif": "VipsForeignLoadNsgif", "image/tiff": "VipsForeignLoadTiff", "image/svg+xml": "VipsForeignLoadSvg",
    ]

    private let order: ImageOrder
    private let source: Picture
    /// As it is shown, upright.
    private let size: (width: Int, height: Int)

    init(_ order: ImageOrder) throws {
        guard let loader = Self.loaders[order.mimeType] else {
            throw Refusal("Pictures of the type \(order.mimeType) aren't read.")
        }
        unsafe media_vips_allow_loader(loader)
        self.order = order
        source = try Picture(path: order.source)
        size = try Self.checkedSize(source, order.limits)
    }

    /// What the head says decides whether anything is decoded.
    private static func checkedSize(
        _ source: Picture, _ limits: ImageOrder.Limits
    ) throws(Refusal) -> (width: Int, height: Int) {
        let width = source.width
        let height = source.integer("page-height") ?? source.totalHeight
        let (pixels, overflow) = Int64(width).multipliedReportingOverflow(by: Int64(height))
        let frames = Int64(source.frames)
        let (all, isHuge) = pixels.multipliedReportingOverflow(by: frames)
        guard width > 0, height > 0, !overflow, pixels <= limits.pixels else {
            throw Refusal("The picture has \(width) × \(height) pixels; \(limits.pixels) are the limit.")
        }
        guard frames <= limits.frames else {
            throw Refusal("The picture has \(frames) frames; \(limits.frames) are the limit.")
        }
        guard !isHuge, all <= limits.pixels * 4 else {
            throw Refusal("The picture's \(frames) frames have \(all) pixels; \(limits.pixels * 4) are the limit.")
        }
        guard Int64(max(width, height)) <= limits.ratio * Int64(min(width, height)) else {
            throw Refusal(
                "The picture has \(width) × \(height) pixels: longer than \(limits.ratio) times its other side.")
        }
        let isTurned = (5...8).contains(source.integer("orientation") ?? 1)
        return isTurned ? (height, width) : (width, height)
    }

    func run() throws -> JSON {
        let facts = PictureFacts(source)
        let base = try decoded()
        var variants: [JSON] = []
        for preset in order.presets {
            for made in try make(preset, base) { variants.append(made) }
        }
        let impression = try Impression(base)
        var clean = JSON.null
        // libvips doesn't tell what else is in a TIFF.
        if order.cleans, facts.isRevealing || order.mimeType == "image/tiff" { clean = try cleaned() }
        return .object([
            .init("width", .integer(Int64(size.width))), .init("height", .integer(Int64(size.height))),
            .init("frames", .integer(Int64(source.frames))), .init("hasAlpha", .bool(source.hasAlpha)),
            .init("thumbHash", .string(impression.thumbHash)), .init("colour", .string(impression.colour)),
            .init("facts", facts.json), .init("variants", .array(variants)), .init("clean", clean),
        ])
    }

    // MARK: Sizes

    /// What a preset makes of this picture: the size that it is scaled to, and the box that stays of it.
    private struct Plan {
        var scaled: (width: Int, height: Int)
        var box: (width: Int, height: Int)
    }

    private func plan(_ preset: ImagePreset) -> Plan {
        let (width, height) = (Double(size.width), Double(size.height))
        let boxWidth = Double(preset.width)
        let boxHeight = preset.height.map(Double.init) ?? .infinity
        func scaled(_ factor: Double) -> (width: Int, height: Int) {
            (max(1, Int((width * factor).rounded())), max(1, Int((height * factor).rounded())))
        }
        switch preset.fit {
        case .inside:
            let size = scaled(min(1, boxWidth / width, boxHeight / height))
            return Plan(scaled: size, box: size)
        case .pad:
            return Plan(
                scaled: scaled(min(1, boxWidth / width, boxHeight / height)),
                box: (preset.width, preset.height ?? preset.width))
        case .cover:
            // A smaller picture has a smaller box of the same shape.
            let shrink = min(1, width / boxWidth, height / boxHeight)
            let box = (
                width: max(1, Int((boxWidth * shrink).rounded(.down))),
                height: max(1, Int((boxHeight * shrink).rounded(.down)))
            )
            var size = scaled(max(Double(box.width) / width, Double(box.height) / height))
            size = (max(size.width, box.width), max(size.height, box.height))
            return Plan(scaled: size, box: box)
        }
    }

    /// The first frame, as large as the largest of the pictures needs it.
    private func decoded() throws(Picture.Failure) -> Picture {
        let widest = order.presets.map { plan($0).scaled.width }.max() ?? 0
        let width = min(size.width, max(widest, ThumbHash.maxSide))
        let height = max(1, Int((Double(size.height) * Double(width) / Double(size.width)).rounded()))
        let path = order.source
        let factor = Double(size.width) / Double(width)
        // A JPEG can be decoded smaller. libvips leaves a factor of two for what comes then; a quarter is enough, and twice as fast.
        if order.mimeType == "image/jpeg", let shrink = [8, 4, 2].first(where: { factor / Double($0) >= 1.25 }) {
            let small = try Picture(path: "\(path)[shrink=\(shrink),fail_on=truncated]")
            let picture = try Picture.make {
                unsafe media_vips_thumbnail_of(
                    small.image, media_vips_usual_profile(source.image), $0, Int32(width), Int32(height))
            }
            return try Self.plain(picture).bare().inMemory()
        }
        let picture = try Picture.make {
            unsafe media_vips_thumbnail(
                path, media_vips_usual_profile(source.image), $0, Int32(width), Int32(height),
                width == size.width ? 0 : 1)
        }
        return try Self.plain(picture).bare().inMemory()
    }

    /// In sRGB with 8 bits, grey pictures and all others too.
    private static func plain(_ picture: Picture) throws(Picture.Failure) -> Picture {
        let coloured = try Picture.make { unsafe media_vips_srgb(picture.image, $0) }
        return try Picture.make { unsafe media_vips_cast_8bit(coloured.image, $0) }
    }

    // MARK: Making

    private func make(_ preset: ImagePreset, _ base: Picture) throws -> [JSON] {
        let plan = plan(preset)
        var picture = base
        if picture.width != plan.scaled.width || picture.totalHeight != plan.scaled.height {
            let whole = picture
            picture = try Picture.make {
                unsafe media_vips_resize(whole.image, $0, Int32(plan.scaled.width), Int32(plan.scaled.height))
            }
        }
        picture = try cut(picture, preset, plan)
        if preset.hasWatermark { picture = try watermarked(picture) }
        picture = try picture.inMemory()
        // A picture that moves goes on to, where nothing is cut off it.
        let moves =
            source.frames > 1 && ["image/gif", "image/webp"].contains(order.mimeType) && preset.fit == .inside
            && !preset.hasWatermark
        var made: [JSON] = []
        for format in order.formats {
            let frames = moves && format == .webp ? try moving(plan) : picture
            made.append(try save(frames, preset, format, plan))
        }
        return made
    }

    private func moving(_ plan: Plan) throws(Picture.Failure) -> Picture {
        let path = order.source + "[n=-1]"
        return try Picture.make {
            unsafe media_vips_thumbnail(
                path, media_vips_usual_profile(source.image), $0, Int32(plan.scaled.width), Int32(plan.scaled.height), 1
            )
        }.bare()
    }

    private func cut(_ picture: Picture, _ preset: ImagePreset, _ plan: Plan) throws(Picture.Failure) -> Picture {
        let spare = (x: picture.width - plan.box.width, y: picture.totalHeight - plan.box.height)
        switch preset.fit {
        case .inside: return picture
        case .pad:
            return try Picture.make {
                unsafe media_vips_pad(
                    picture.image, $0, Int32(-spare.x / 2), Int32(-spare.y / 2), Int32(plan.box.width),
                    Int32(plan.box.height), 255, 255, 255)
            }
        case .cover:
            if spare == (0, 0) { return picture }
            if preset.gravity == .smart, order.focus == nil {
                return try Picture.make {
                    unsafe media_vips_smartcrop(picture.image, $0, Int32(plan.box.width), Int32(plan.box.height))
                }
            }
            let usesFocus = preset.gravity == .centre || preset.gravity == .smart
            let left: Int
            let top: Int
            if usesFocus, let focus = order.focus {
                left = Self.start(focus.x * Double(picture.width) - Double(plan.box.width) / 2, spare.x)
                top = Self.start(focus.y * Double(picture.totalHeight) - Double(plan.box.height) / 2, spare.y)
            } else {
                left = Self.start(preset.gravity.point.x * Double(spare.x), spare.x)
                top = Self.start(preset.gravity.point.y * Double(spare.y), spare.y)
            }
            return try Picture.make {
                unsafe media_vips_extract(
                    picture.image, $0, Int32(left), Int32(top), Int32(plan.box.width), Int32(plan.box.height))
            }
        }
    }

    private static func start(_ value: Double, _ limit: Int) -> Int { min(max(0, Int(value.rounded())), limit) }

    /// With the watermark in the lower right corner, a quarter as wide as the picture.
    private func watermarked(_ picture: Picture) throws -> Picture {
        guard let path = order.watermark else { return picture }
        unsafe media_vips_allow_loader("VipsForeignLoadPng")
        let side = Int32(max(1, picture.width / 4))
        let mark = try Self.plain(try Picture.make { unsafe media_vips_thumbnail(path, nil, $0, side, side, 0) })
        let over = mark.hasAlpha ? mark : try Picture.make { unsafe media_vips_add_alpha(mark.image, $0) }
        let margin = picture.width / 50
        let left = max(0, picture.width - over.width - margin)
        let top = max(0, picture.totalHeight - over.totalHeight - margin)
        let whole = try Picture.make {
            unsafe media_vips_overlay(picture.image, over.image, $0, Int32(left), Int32(top))
        }
        let bytes = try Picture.make { unsafe media_vips_cast_8bit(whole.image, $0) }
        if picture.hasAlpha { return bytes }
        return try Picture.make { unsafe media_vips_flatten(bytes.image, $0, 255) }
    }

    // MARK: Files

    private struct SaveFailure: Error, CustomStringConvertible {
        let description: String
    }

    private func save(
        _ picture: Picture, _ preset: ImagePreset, _ format: ImageOrder.Format, _ plan: Plan
    ) throws -> JSON {
        let hasAlpha = format == .jpeg && picture.hasAlpha
        let ending = hasAlpha ? "png" : format == .jpeg ? "jpg" : format.rawValue
        let path = "\(order.folder)/\(preset.name).\(ending)"
        let quality = { (usual: Int32) in preset.quality.map(Int32.init) ?? usual }
        let result =
            switch format {
            case .jpeg where hasAlpha: unsafe media_vips_save_png(picture.image, path)
            case .jpeg: unsafe media_vips_save_jpeg(picture.image, path, quality(80))
            case .webp: unsafe media_vips_save_webp(picture.image, path, quality(78), 4)
            case .avif: unsafe media_vips_save_avif(picture.image, path, quality(55), 3)
            }
        do {
            try Picture.check(result)
        } catch {
            // It has been decoded by then, but for one that moves.
            throw picture.frames > 1 ? error : SaveFailure(description: error.description)
        }
        return .object([
            .init("name", .string(preset.name)), .init("file", .string(path)),
            .init("type", .string(hasAlpha ? "image/png" : format.mimeType)),
            .init("width", .integer(Int64(plan.box.width))), .init("height", .integer(Int64(plan.box.height))),
        ])
    }

    /// The whole picture without what tells on its maker: its bytes as they are where the format allows it, or made anew.
    private func cleaned() throws -> JSON {
        let ending = order.mimeType.split(separator: "/").last ?? ""
        let path = "\(order.folder)/clean.\(ending)"
        if !copied(to: path) {
            let whole = try upright()
            switch order.mimeType {
            case "image/jpeg": try Picture.check(unsafe media_vips_save_jpeg(whole.image, path, 92))
            case "image/png": try Picture.check(unsafe media_vips_save_png(whole.image, path))
            case "image/webp": try Picture.check(unsafe media_vips_save_webp(whole.image, path, 92, 4))
            case "image/avif": try Picture.check(unsafe media_vips_save_avif(whole.image, path, 75, 3))
            case "image/heic", "image/heif": try Picture.check(unsafe media_vips_save_heic(whole.image, path, 75))
            case "image/tiff": try Picture.check(unsafe media_vips_save_tiff(whole.image, path))
            default: return .null
            }
        }
        return .object([.init("file", .string(path))])
    }

    private var orientation: Int { source.integer("orientation") ?? 1 }

    /// - Returns: whether the picture's bytes could be taken over.
    private func copied(to path: String) -> Bool {
        do {
            return try MetadataFilter(order.mimeType)?.copy(order.source, to: path, orientation: orientation) ?? false
        } catch {
            // Readers forgive more; what they see is made anew.
            return false
        }
    }

    /// The whole picture, in sRGB; of a TIFF all its pages, as they are, or the first one where they differ.
    private func upright() throws(Picture.Failure) -> Picture {
        if order.mimeType == "image/tiff", source.frames > 1,
            let all = try? Picture(path: order.source + "[n=-1]")
        {
            return try all.bare()
        }
        let path = order.source
        return try Self.plain(
            Picture.make {
                unsafe media_vips_thumbnail(
                    path, media_vips_usual_profile(source.image), $0, Int32(size.width), Int32(size.height), 0)
            }
        ).bare()
    }
}
