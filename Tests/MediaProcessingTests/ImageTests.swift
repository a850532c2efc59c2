import Foundation
import MediaCore
import MediaProcessing
import MediaTesting
import Testing

/// `mediad-image`, with pictures of all kinds; what it makes Pillow looks at.
struct ImageTests {
    private let folder: TemporaryFolder
    private static let scene: JSON = .array(["red", "green", "blue", "white"].map(JSON.string))

    init() throws { folder = try TemporaryFolder() }

    private func run(
        _ name: String, _ mimeType: String, _ presets: [String] = ["small=320", "square=100x100:cover"],
        formats: [ImageOrder.Format] = [.jpeg], memory: Int64 = 2 << 30, _ change: (inout ImageOrder) -> Void = { _ in }
    ) throws -> JSON {
        try Pictures.make([name], in: folder.path)
        let target = try folder.folder("out")
        var order = ImageOrder(
            source: "\(folder.path)/\(name)", mimeType: mimeType, folder: target,
            presets: presets.compactMap { ImagePreset($0) }, formats: formats)
        order.cleans = true
        change(&order)
        let tool = Tool(
            sandbox: try Sandbox(.auto), limits: .init(memory: memory, processorTime: 60, time: 60, fileSize: 1 << 30))
        let program = ServiceFolders.imageProgram
        return try JSONParser.parse(
            try tool.run(
                program, [], input: Array(order.json.text.utf8),
                reads: [program, order.source] + (order.watermark.map { [$0] } ?? []), folder: target, check: {}
            ).bytes)
    }

    private func looks(_ result: JSON) throws -> [JSON] {
        try Pictures.look(result["variants"]?.array?.map { $0["file"]?.string ?? "" } ?? [])
    }

    private func refusal(_ name: String, _ mimeType: String, memory: Int64 = 2 << 30) throws -> String {
        let failure = try #require(throws: ToolFailure.self) { _ = try run(name, mimeType, memory: memory) }
        #expect(failure.kind == .exit(65), "\(failure)")
        return failure.lastLines
    }

    @Test("pictures of every orientation are turned upright, and tell nothing of their maker", arguments: 1...8)
    func orientations(orientation: Int) throws {
        let result = try run("turned-\(orientation).jpg", "image/jpeg", formats: [.avif, .webp, .jpeg])
        #expect(result["width"] == .integer(800) && result["height"] == .integer(600))
        for look in try looks(result) {
            #expect(look["colours"] == Self.scene && look["private"] == .bool(false), "\(look.text)")
            #expect(look["orientation"] == .integer(1))
        }
        let facts = try #require(result["facts"])
        #expect(facts["make"] == .string("Phone & Co") && facts["model"] == .string("Model (7)"))
        #expect(
            facts["takenAt"] == .string("2026:05:06 07:08:09") && facts["exposure"]?.string?.hasPrefix("1/60") == true)
        #expect(facts["title"] == .string("A & B") && facts["keywords"] == .string("sea, sky"))
        #expect(!facts.text.contains("SERIAL") && !facts.text.contains("48"))
        // The whole picture's copy is turned as the original is, with the same bytes of the picture.
        let clean = try #require(try Pictures.look([result["clean"]?["file"]?.string ?? ""]).first)
        #expect(clean["private"] == .bool(false) && clean["orientation"] == .integer(Int64(orientation)))
    }

    private static let kinds: [(String, String, Bool)] = [
        ("phone.heic", "image/heic", true), ("cmyk.jpg", "image/jpeg", false), ("grey.jpg", "image/jpeg", false),
        ("deep.png", "image/png", true), ("located.png", "image/png", true), ("turned.png", "image/png", true),
        ("located.webp", "image/webp", true), ("located.tiff", "image/tiff", true), ("profile.jpg", "image/jpeg", true),
        ("plain.jpg", "image/jpeg", true), ("hidden.png", "image/png", true), ("pages.tiff", "image/tiff", true),
        ("junk.jpg", "image/jpeg", true),
    ]

    @Test("each kind of picture is read; those that tell on their maker get a copy that doesn't", arguments: kinds)
    func each(name: String, mimeType: String, isRevealing: Bool) throws {
        let result = try run(name, mimeType, formats: [.webp, .jpeg])
        let made = try looks(result)
        #expect(made.count == 4)
        for look in made {
            #expect(look["private"] == .bool(false), "\(look.text)")
            if name != "grey.jpg", name != "cmyk.jpg" { #expect(look["colours"] == Self.scene, "\(look.text)") }
        }
        #expect(result["clean"]?.isNull == !isRevealing)
        guard let path = result["clean"]?["file"]?.string else { return }
        let clean = try #require(try Pictures.look([path]).first)
        #expect(clean["private"] == .bool(false), "\(clean.text)")
        let turns = clean["orientation"] == .integer(1)
        #expect(!turns || clean["colours"] == Self.scene, "\(clean.text)")
        #expect(clean["profile"] == .bool(name == "profile.jpg"))
    }

    @Test("what stands behind a picture's end isn't copied")
    func behind() throws {
        let result = try run("motion.jpg", "image/jpeg")
        let look = try #require(try Pictures.look([result["clean"]?["file"]?.string ?? ""]).first)
        #expect(look["private"] == .bool(false))
    }

    @Test("boxes, gravity, focus and watermark; nothing is made larger than it is")
    func presets() throws {
        let mark = "\(folder.path)/mark.png"
        try Pictures.make(["mark.png"], in: folder.path)
        let result = try run(
            "plain.jpg", "image/jpeg",
            [
                "inside=400x100", "cover=400x400:cover", "west=100x400:cover:west", "east=100x400:cover:southeast",
                "pad=400x400:pad", "huge=5000", "hugecover=4000x2000:cover", "marked=400:watermark",
                "smart=90x90:cover:smart",
            ]
        ) { $0.watermark = mark }
        let all = try looks(result)
        let sizes = all.map { "\($0["width"]?.integer ?? 0)x\($0["height"]?.integer ?? 0)" }
        #expect(
            sizes == [
                "133x100", "400x400", "100x400", "100x400", "400x400", "800x600", "800x400", "400x300", "90x90",
            ])
        #expect(all[2]["colours"] == .array(["red", "red", "blue", "blue"].map(JSON.string)))
        #expect(all[3]["colours"] == .array(["green", "green", "white", "white"].map(JSON.string)))
        #expect(all[7]["colours"] == .array(["red", "green", "blue", "other"].map(JSON.string)))
        let focused = try run("plain.jpg", "image/jpeg", ["f=50x100:cover:smart"]) { $0.focus = .init(x: 0.1, y: 0.9) }
        #expect(try looks(focused)[0]["colours"] == .array(["red", "red", "blue", "blue"].map(JSON.string)))
    }

    @Test("transparency stays, as PNG where JPEG has none; what moves goes on moving as WebP")
    func special() throws {
        let clear = try looks(run("clear.png", "image/png", ["small=320"], formats: [.webp, .jpeg]))
        #expect(clear.map { $0["format"] } == [.string("WEBP"), .string("PNG")])
        for (name, mimeType) in [("moving.gif", "image/gif"), ("moving.webp", "image/webp")] {
            let result = try run(name, mimeType, ["small=32"], formats: [.webp, .jpeg])
            #expect(result["frames"] == .integer(8) && result["height"] == .integer(64))
            #expect(try looks(result).map { $0["frames"] } == [.integer(8), .integer(1)])
        }
        let drawing = try looks(run("drawing.svg", "image/svg+xml", ["small=320"]))
        #expect(drawing[0]["width"] == .integer(320) && drawing[0]["format"] == .string("PNG"))
    }

    @Test("a picture of 100 million pixels needs little memory")
    func panorama() throws {
        let result = try run("panorama.jpg", "image/jpeg", ["large=1600"], memory: 600 << 20)
        #expect(try looks(result)[0]["height"] == .integer(400))
    }

    @Test("bombs and damage are refused with a reason, before they take anything")
    func hostile() throws {
        #expect(
            try refusal("bomb.png", "image/png") == "The picture has 60000 × 60000 pixels; 200000000 are the limit.")
        #expect(try refusal("endless.gif", "image/gif").hasPrefix("The picture has 4097 frames; 1000 are the limit."))
        #expect(try refusal("thin.png", "image/png").contains("longer than 200 times"))
        #expect(try refusal("entities.svg", "image/svg+xml").hasPrefix("The picture can't be read"))
        #expect(try refusal("cut.jpg", "image/jpeg").hasPrefix("The picture can't be read"))
        #expect(try refusal("noise.jpg", "image/jpeg").hasPrefix("The picture can't be read"))
        // A picture isn't what another loader takes it for.
        #expect(try refusal("drawing.svg", "image/png").hasPrefix("The picture can't be read"))
    }

    @Test("the place holder is the one that another implementation makes")
    func thumbHash() throws {
        let script = """
            import base64, sys, thumbhash
            width, height = int(sys.argv[1]), int(sys.argv[2])
            pixels = list(base64.b64decode(sys.argv[3]))
            if min(pixels[3::4]) == 255:
                print(base64.b64encode(bytes(thumbhash.rgba_to_thumb_hash(width, height, pixels))).decode())
            else:
                print(*(round(value * 255) for value in thumbhash.thumb_hash_to_average_rgba(list(base64.b64decode(sys.argv[4])))))
            """
        for (width, height, hasAlpha) in [
            (20, 13, false), (13, 20, true), (1, 1, false), (30, 30, true), (50, 2, false),
        ] {
            let pixels = (0..<(width * height)).flatMap { index -> [UInt8] in
                let (x, y) = (index % width, index / width)
                return hasAlpha
                    ? [200, 100, 50, UInt8((x + y) * 255 / (width + height))]
                    : [UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8((x * 7 + y * 13) % 256), 255]
            }
            let ours = Data(ThumbHash.encode(pixels, width: width, height: height)).base64EncodedString()
            let said = try Command.run(
                TestTools.path("python3"),
                ["-c", script, "\(width)", "\(height)", Data(pixels).base64EncodedString(), ours])
            let theirs = said.trimmingCharacters(in: .whitespacesAndNewlines)
            if hasAlpha {
                // Where there is transparency theirs fails; they read ours as the mean of all.
                let mean = theirs.split(separator: " ").compactMap { Int($0) }
                let all = pixels.indices.filter { $0 % 4 == 3 }.reduce(0) { $0 + Int(pixels[$1]) } / (width * height)
                for (value, expected) in zip(mean, [200, 100, 50, all]) {
                    #expect(abs(value - expected) < 20, "\(theirs)")
                }
            } else {
                #expect(ours == theirs, "\(width) × \(height)")
            }
        }
    }
}
