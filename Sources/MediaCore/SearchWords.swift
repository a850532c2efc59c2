/// The words that records are found by: letters and digits, whatever stands between them.
package enum SearchWords {
    /// That one search may have.
    package static let maxCount = 16
    /// Characters: MariaDB's index has no longer ones.
    static let maxLength = 84

    /// In their order, each as often as it is there. What is too long for the index is left out.
    package static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        func end() {
            if (1...maxLength).contains(word.count) { words.append(String(word)) }
            word = String.UnicodeScalarView()
        }
        for scalar in text.unicodeScalars {
            switch kind(scalar) {
            case .part: word.append(scalar)
            case .mark: break
            case .other: end()
            }
        }
        end()
        return words
    }

    /// The words alone, with a space between each two.
    ///
    /// - Parameter maxBytes: words behind so many are left out.
    package static func normal(_ text: String, maxBytes: Int) -> String {
        var normal = ""
        for word in words(text) {
            guard normal.utf8.count + word.utf8.count < maxBytes else { break }
            if !normal.isEmpty { normal += " " }
            normal += word
        }
        return normal
    }

    private enum Kind {
        case part
        /// On a letter: the index makes no difference between those with and without.
        case mark
        case other
    }

    private static func kind(_ scalar: Unicode.Scalar) -> Kind {
        if scalar.isASCII {
            let isPart = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            return isPart ? .part : .other
        }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            .part
        case .nonspacingMark, .spacingMark, .enclosingMark: .mark
        default: .other
        }
    }

    /// Whether MariaDB's index has a word: none of fewer than three characters (`innodb_ft_min_token_size`), and none of those that are
    /// in most texts (`INNODB_FT_DEFAULT_STOPWORD`).
    package static func isIndexed(_ word: String) -> Bool {
        word.unicodeScalars.count >= 3 && !common.contains(word.lowercased())
    }

    private static let common: Set<String> = [
        "about", "are", "com", "for", "from", "how", "that", "the", "this", "und", "was", "what", "when", "where",
        "who",
        "will", "with", "www",
    ]
}
