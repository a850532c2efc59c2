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
        return nil
    }

    /// No URL has these, and what reads one in a header field or in HTML might take them for something else.
    private static let forbidden = Set("\"<>\\^`{|}".utf8)
}
