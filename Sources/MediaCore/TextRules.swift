/// What a text from outside may not contain.
package enum TextRules {
    /// Why a character is refused in names, ids and titles, or nil.
    static func fault(in scalar: Unicode.Scalar) -> String? {
        if scalar == "\0" { return "must not contain NUL" }
        switch scalar.properties.generalCategory {
        case .control: return "must not contain control characters"
        // Some readers of logs and scripts break lines there.
        case .lineSeparator, .paragraphSeparator: return "must not contain line separators"
        default: break
        }
        // These turn the direction of what follows, so that "gpj.exe" reads as "exe.jpg".
        if (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value) {
            return "must not contain bidirectional control characters"
        }
        return nil
    }

    /// What is wrong with a short text such as an id or a title, or nil.
    ///
    /// - Parameter maxLength: characters.
    package static func fault(in text: String, maxLength: Int) -> String? {
        if text.isEmpty { return "must not be empty" }
        // What most are, without looking up what kind each character is of.
        if text.utf8.count <= maxLength, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return nil }
        if text.unicodeScalars.count > maxLength { return "must not be longer than \(maxLength) characters" }
        return text.unicodeScalars.lazy.compactMap(fault(in:)).first
    }

    /// The start of a text from outside, as a column of this many characters holds it. A `Character` may be any number of them.
    package static func prefix(_ text: String, _ maxLength: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(maxLength)))
    }

    /// What is wrong with a text that is also a segment of URLs, such as `/v1/users/<id>/media`, or nil.
    ///
    /// - Parameter maxLength: characters.
    package static func faultInSegment(_ text: String, maxLength: Int) -> String? {
        if let fault = fault(in: text, maxLength: maxLength) { return fault }
        if text == "." || text == ".." || text.utf8.contains(UInt8(ascii: "/")) {
            return "must not be '.' or '..' and must not contain '/'"
        }
        return nil
    }
}
