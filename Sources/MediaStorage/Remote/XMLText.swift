internal import CLinux
internal import Glibc

/// Texts out of XML that a provider has made: no document of a stranger.
enum XMLText {
    /// The text of the first element with a name that holds nothing but text.
    static func first(_ name: String, in text: some StringProtocol) -> String? {
        first(name, in: Array(text.utf8)[...])
    }

    static func first(_ name: String, in bytes: ArraySlice<UInt8>) -> String? {
        all(name, in: bytes, limit: 1).first.map(decoded)
    }

    /// What stands in each element with a name, as it is.
    ///
    /// - Parameter isOpen: whether the element may have attributes, which then stand in front.
    static func all(
        _ name: String, isOpen: Bool = false, in bytes: ArraySlice<UInt8>, limit: Int = .max
    ) -> [ArraySlice<UInt8>] {
        let (opening, closing) = (Array("<\(name)\(isOpen ? "" : ">")".utf8), Array("</\(name)>".utf8))
        var found: [ArraySlice<UInt8>] = []
        var rest = bytes
        while found.count < limit, let start = position(of: opening, in: rest),
            let end = position(of: closing, in: rest[(start + opening.count)...])
        {
            found.append(rest[(start + opening.count)..<end])
            rest = rest[(end + closing.count)...]
        }
        return found
    }

    private static func position(of word: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress, let found = memmem(base, all.count, word, word.count) else { return nil }
            return bytes.startIndex + (UnsafeRawPointer(found) - base)
        }
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        let text = Substring(decoding: bytes, as: UTF8.self)
        guard bytes.contains(UInt8(ascii: "&")) else { return String(text) }
        var result = ""
        var rest = text
        while let ampersand = rest.firstIndex(of: "&") {
            result += rest[..<ampersand]
            rest = rest[ampersand...]
            guard let end = rest.firstIndex(of: ";") else { break }
            let entity = rest[rest.index(after: ampersand)..<end]
            let scalar: Unicode.Scalar? =
                entity.hasPrefix("#x")
                ? UInt32(entity.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
                : entity.hasPrefix("#")
                    ? UInt32(entity.dropFirst()).flatMap(Unicode.Scalar.init) : entities[String(entity)]
            if let scalar { result.unicodeScalars.append(scalar) }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static let entities: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]
}
