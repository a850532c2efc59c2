internal import Glibc

/// A picture's shape and colours in some 25 bytes, as a place holder while it loads: ThumbHash, by Evan Wallace
/// (https://evanw.github.io/thumbhash/). The luminance's and colours' lowest frequencies of a cosine transform, four bits each.
package enum ThumbHash {
    package static let maxSide = 100

    /// - Parameters:
    ///   - pixels: red, green, blue and alpha of each, row by row; not multiplied with alpha.
    ///   - width: 1 … 100, as is the height.
    package static func encode(_ pixels: [UInt8], width: Int, height: Int) -> [UInt8] {
        precondition(pixels.count == width * height * 4 && max(width, height) <= maxSide && min(width, height) > 0)
        let planes = Planes(pixels, count: width * height)
        let longer = Double(max(width, height))
        let limit = planes.hasAlpha ? 5.0 : 7.0
        let across = max(1, Int((limit * Double(width) / longer).rounded()))
        let down = max(1, Int((limit * Double(height) / longer).rounded()))
        func channel(_ values: [Double], _ across: Int, _ down: Int) -> Channel {
            Channel(values, width: width, height: height, across: across, down: down)
        }
        let light = channel(planes.light, max(3, across), max(3, down))
        let yellow = channel(planes.yellow, 3, 3)
        let red = channel(planes.red, 3, 3)
        let isWide = width > height
        let head =
            scaled(light.mean, 63) | scaled(0.5 + 0.5 * yellow.mean, 63) << 6 | scaled(0.5 + 0.5 * red.mean, 63) << 12
            | scaled(light.scale, 31) << 18 | (planes.hasAlpha ? 1 << 23 : 0)
        let tail =
            (isWide ? down : across) | scaled(yellow.scale, 63) << 3 | scaled(red.scale, 63) << 9
            | (isWide ? 1 << 15 : 0)
        var hash = [head, head >> 8, head >> 16, tail, tail >> 8].map { UInt8(truncatingIfNeeded: $0) }
        var waves = light.waves + yellow.waves + red.waves
        if planes.hasAlpha {
            let alpha = channel(planes.alpha, 5, 5)
            hash.append(UInt8(scaled(alpha.mean, 15) | scaled(alpha.scale, 15) << 4))
            waves += alpha.waves
        }
        for index in stride(from: 0, to: waves.count, by: 2) {
            let second = index + 1 < waves.count ? scaled(waves[index + 1], 15) : 0
            hash.append(UInt8(scaled(waves[index], 15) | second << 4))
        }
        return hash
    }

    private static func scaled(_ value: Double, _ limit: Double) -> Int {
        // As JavaScript rounds.
        Int((value * limit + 0.5).rounded(.down))
    }

    /// Luminance, yellow against blue, red against green, and alpha; what is transparent has the mean colour.
    private struct Planes {
        var light: [Double] = []
        var yellow: [Double] = []
        var red: [Double] = []
        var alpha: [Double] = []
        let hasAlpha: Bool

        init(_ pixels: [UInt8], count: Int) {
            var mean = (red: 0.0, green: 0.0, blue: 0.0, alpha: 0.0)
            for index in stride(from: 0, to: count * 4, by: 4) {
                let alpha = Double(pixels[index + 3]) / 255
                mean.red += alpha / 255 * Double(pixels[index])
                mean.green += alpha / 255 * Double(pixels[index + 1])
                mean.blue += alpha / 255 * Double(pixels[index + 2])
                mean.alpha += alpha
            }
            if mean.alpha > 0 {
                mean.red /= mean.alpha
                mean.green /= mean.alpha
                mean.blue /= mean.alpha
            }
            hasAlpha = mean.alpha < Double(count)
            for index in stride(from: 0, to: count * 4, by: 4) {
                let alpha = Double(pixels[index + 3]) / 255
                let r = mean.red * (1 - alpha) + alpha / 255 * Double(pixels[index])
                let g = mean.green * (1 - alpha) + alpha / 255 * Double(pixels[index + 1])
                let b = mean.blue * (1 - alpha) + alpha / 255 * Double(pixels[index + 2])
                light.append((r + g + b) / 3)
                yellow.append((r + g) / 2 - b)
                red.append(r - g)
                self.alpha.append(alpha)
            }
        }
    }

    /// One plane's lowest frequencies.
    private struct Channel {
        var mean = 0.0
        var waves: [Double] = []
        var scale = 0.0

        init(_ values: [Double], width: Int, height: Int, across: Int, down: Int) {
            for row in 0..<down {
                var column = 0
                while column * down < across * (down - row) {
                    let horizontal = (0..<width).map { cos(.pi / Double(width) * Double(column) * (Double($0) + 0.5)) }
                    var sum = 0.0
                    for y in 0..<height {
                        let vertical = cos(.pi / Double(height) * Double(row) * (Double(y) + 0.5))
                        for x in 0..<width { sum += values[x + y * width] * horizontal[x] * vertical }
                    }
                    sum /= Double(width * height)
                    if column > 0 || row > 0 {
                        waves.append(sum)
                        scale = max(scale, abs(sum))
                    } else {
                        mean = sum
                    }
                    column += 1
                }
            }
            if scale > 0 { waves = waves.map { 0.5 + 0.5 / scale * $0 } }
        }
    }
}
