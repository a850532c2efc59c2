/// The types of files that are accepted: kinds of media (`IMAGE`, …, every known type of that kind) and single types.
package struct TypeAllowList: Equatable, Sendable {
    private var kinds: Set<MediaType> = []
    private var mimeTypes: Set<String> = []

    /// A list such as `IMAGE,VIDEO,application/pdf`, or nil where an entry is neither a kind nor a type.
    package init?(_ text: String) {
        for entry in text.split(separator: ",") {
            let word = entry.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            let name = String(word)
            if let kind = MediaType(rawValue: name.uppercased()) {
                kinds.insert(kind)
            } else if Self.isType(name) {
                mimeTypes.insert(FileType.named(name)?.mimeType ?? name.lowercased())
            } else {
                return nil
            }
        }
        if kinds.isEmpty && mimeTypes.isEmpty { return nil }
    }

    /// Whether a text has a type's form (RFC 6838 §4.2).
    private static func isType(_ name: String) -> Bool {
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        return halves.count == 2
            && halves.allSatisfy { half in
                !half.isEmpty
                    && half.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "a")...UInt8(ascii: "z"):
                            true
                        default: "!#$&-^_.+".utf8.contains(byte)
                        }
                    }
            }
    }

    package func allows(_ type: FileType) -> Bool {
        mimeTypes.contains(type.mimeType.lowercased())
            || (kinds.contains(type.mediaType) && FileType.named(type.mimeType) == type)
    }
}
