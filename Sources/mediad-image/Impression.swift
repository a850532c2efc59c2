import CVips
import MediaCore
import MediaProcessing

/// What a picture looks like from afar.
struct Impression {
    /// In base 64.
    let thumbHash: String
    /// The one that most of it has, as `#rrggbb`.
    let colour: String

    init(_ picture: Picture) throws(Picture.Failure) {
        let longer = max(picture.width, picture.totalHeight)
        let side = { (length: Int) in max(1, min(length, length * ThumbHash.maxSide / longer)) }
        let (width, height) = (side(picture.width), side(picture.totalHeight))
        let small = try Picture.make { unsafe media_vips_resize(picture.image, $0, Int32(width), Int32(height)) }
        let clear = small.hasAlpha ? small : try Picture.make { unsafe media_vips_add_alpha(small.image, $0) }
        let flat = try Picture.make { unsafe media_vips_cast_8bit(clear.image, $0) }
        let pixels = try flat.bytes()
        guard pixels.count == width * height * 4 else { throw Picture.Failure("a picture of \(flat.bands) bands") }
        thumbHash = Base64URL.encodeStandard(ThumbHash.encode(pixels, width: width, height: height))
        colour = Self.colour(pixels)
    }

    /// The mean of the largest of 4096 groups of like colours.
    private static func colour(_ pixels: [UInt8]) -> String {
        var counts = [Int](repeating: 0, count: 4096)
        var sums = [(Int, Int, Int)](repeating: (0, 0, 0), count: 4096)
        for index in stride(from: 0, to: pixels.count, by: 4) where pixels[index + 3] >= 128 {
            let (red, green, blue) = (Int(pixels[index]), Int(pixels[index + 1]), Int(pixels[index + 2]))
            let group = (red >> 4) << 8 | (green >> 4) << 4 | blue >> 4
            counts[group] += 1
            sums[group] = (sums[group].0 + red, sums[group].1 + green, sums[group].2 + blue)
        }
        let largest = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        let count = max(1, counts[largest])
        let sum = sums[largest]
        return "#" + Hex.encode([sum.0 / count, sum.1 / count, sum.2 / count].map { UInt8($0) })
    }
}
