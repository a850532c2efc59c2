/// A small generator with a seed (Steele, Lea and Flood, 2014), so that every run tests the same random cases.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A text of up to `maxLength` characters: plain ones, those that need care, and any other that Unicode has.
    mutating func text(maxLength: Int) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...maxLength, using: &self) {
            text.append(scalar())
        }
        return String(text)
    }

    private mutating func scalar() -> Unicode.Scalar {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return Unicode.Scalar(UInt8.random(in: 0x00...0x1F, using: &self))
        case 1: return Unicode.Scalar(UInt8.random(in: 0x20...0x7F, using: &self))
        case 2: return "\"\\/%+é\u{301}\u{2028}\u{FEFF}\u{FFFD}😀".unicodeScalars.randomElement(using: &self) ?? " "
        default: return Unicode.Scalar(UInt32.random(in: 0x80...0x10FFFF, using: &self)) ?? "\u{D7FF}"
        }
    }
}
