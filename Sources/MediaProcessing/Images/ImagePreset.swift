/// How a picture is made into a smaller one, such as `cover=1280x720:cover:smart:q70`.
package struct ImagePreset: Equatable, Sendable {
    package enum Fit: String, CaseIterable, Sendable {
        /// As large as it fits into the box.
        case inside
        /// The whole box, of which the picture's rest is cut off.
        case cover
        /// As large as it fits, on a ground that fills the box.
        case pad
    }

    /// Which part of the picture stays where some is cut off.
    package enum Gravity: String, CaseIterable, Sendable {
        /// The focal point of the record, or the middle.
        case centre
        /// What draws the eye.
        case smart
        case north, northeast, east, southeast, south, southwest, west, northwest

        /// From 0, left or top, to 1.
        package var point: (x: Double, y: Double) {
            let x: Double =
                switch self {
                case .west, .northwest, .southwest: 0
                case .east, .northeast, .southeast: 1
                default: 0.5
                }
            let y: Double =
                switch self {
                case .north, .northeast, .northwest: 0
                case .south, .southeast, .southwest: 1
                default: 0.5
                }
            return (x, y)
        }
    }

    package static let maxSide = 8192

    /// Of a-z, 0-9 and `-`.
    package var name: String
    /// The box, in pixels. A picture is never made larger than it is.
    package var width: Int
    /// Nil: whatever follows from the width.
    package var height: Int?
    package var fit = Fit.inside
    package var gravity = Gravity.centre
    /// 1 … 100; nil: the format's default.
    package var quality: Int?
    /// Whether the watermark of the settings is put on it.
    package var hasWatermark = false
    /// Whether it is made when somebody first asks for it.
    package var isLater = false

    package init(name: String, width: Int, height: Int?) {
        self.name = name
        self.width = width
        self.height = height
    }

    /// - Parameter text: `NAME=WIDTH[xHEIGHT][:WORD…]`, where a word is a fit, a gravity, `q` with a quality, `watermark`, or `later`.
    package init?(_ text: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2, Self.isName(halves[0]) else { return nil }
        self.init(name: halves[0], form: halves[1])
    }

    /// - Parameter form: what stands behind the name.
    package init?(name: String, form: String) {
        let words = form.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let sides = words[0].split(separator: "x", omittingEmptySubsequences: false).map {
            Self.number($0, Self.maxSide)
        }
        guard (1...2).contains(sides.count), let width = sides[0] else { return nil }
        self.init(name: name, width: width, height: nil)
        if sides.count == 2 {
            guard let side = sides[1] else { return nil }
            height = side
        }
        var seen: Set<String> = []
        for word in words.dropFirst() {
            let kind: String
            if let fit = Fit(rawValue: word) {
                (self.fit, kind) = (fit, "fit")
            } else if let gravity = Gravity(rawValue: word) {
                (self.gravity, kind) = (gravity, "gravity")
            } else if word == "watermark" {
                (hasWatermark, kind) = (true, word)
            } else if word == "later" {
                (isLater, kind) = (true, word)
            } else if word.first == "q", let number = Self.number(word.dropFirst(), 100) {
                (quality, kind) = (number, "quality")
            } else {
                return nil
            }
            guard seen.insert(kind).inserted else { return nil }
        }
        if fit != .inside, height == nil { return nil }
    }

    /// What stands behind the name, in one form for each preset.
    package var form: String {
        var words = ["\(width)" + (height.map { "x\($0)" } ?? "")]
        if fit != .inside { words.append(fit.rawValue) }
        if gravity != .centre { words.append(gravity.rawValue) }
        if let quality { words.append("q\(quality)") }
        if hasWatermark { words.append("watermark") }
        if isLater { words.append("later") }
        return words.joined(separator: ":")
    }

    package static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    private static func number(_ text: some StringProtocol, _ limit: Int) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), (1...limit).contains(number)
        else { return nil }
        return number
    }
}
