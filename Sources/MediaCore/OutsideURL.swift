/// URLs of files that others keep: browsers are sent there, and nobody here ever asks for them.
package enum OutsideURL {
    /// Characters, as in the column `external_url`.
    package static let maxLength = 2048

    /// Why a URL can't be a file's, or nil.
    package static func fault(in url: String) -> String? {
        let bytes = Array(url.utf8)
        if bytes.count > maxLength { return "must not be longer than \(maxLength) characters" }
        let scheme = url.lowercased().hasPrefix("https://") ? 8 : url.lowercased().hasPrefix("http://") ? 7 : 0
        if scheme == 0 { return "must start with https:// or http://" }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && !forbidden.contains($0) }) else {
            return "must be percent-encoded (RFC 3986)"
        }
        let authority = bytes[scheme...].prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        if authority.contains(UInt8(ascii: "@")) { return "must not hold a user or a password" }
        if authority.first.map({ $0 == UInt8(ascii: ":") }) ?? true { return "must name a host" }
        guard isHostAndPort(authority) else { return "must have a host, and a port that is a number (RFC 3986 §3.2)" }
        return isEncoded(bytes) ? nil : "must be percent-encoded (RFC 3986)"
    }

    /// Brackets stand around an address of IPv6, and nowhere else.
    private static func isHostAndPort(_ authority: ArraySlice<UInt8>) -> Bool {
        var rest = authority
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), end > rest.startIndex + 1,
                rest[rest.startIndex + 1..<end].allSatisfy({ Hex.value(of: $0) != nil || $0 == 0x3A || $0 == 0x2E })
            else { return false }
            rest = rest[(end + 1)...]
        } else {
            rest = rest.drop { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }
        }
        guard let colon = rest.popFirst() else { return true }
        return colon == UInt8(ascii: ":") && rest.count <= 5 && rest.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Whether two digits stand behind each percent sign, as RFC 3986 §2.1 has it.
    private static func isEncoded(_ bytes: [UInt8]) -> Bool {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
            guard index + 2 < bytes.count, Hex.value(of: bytes[index + 1]) != nil,
                Hex.value(of: bytes[index + 2]) != nil
            else { return false }
        }
        return true
    }

    /// No URL has these, and what reads one in a header field or in HTML might take them for something else.
    private static let forbidden = Set("\"<>\\^`{|}".utf8)
}
