/// `Content-Disposition` of a delivered file (RFC 6266).
package enum ContentDisposition {
    /// `inline` or `attachment` with the file's name: as ASCII for old clients and, where that isn't all of it, in UTF-8
    /// (RFC 6266 §4.3, RFC 8187).
    package static func header(isInline: Bool, fileName: String) -> String {
        let kind = isInline ? "inline; filename=\"" : "attachment; filename=\""
        if fileName.utf8.span.allSatisfy(isPlain) { return kind + fileName + "\"" }
        let ascii = String(
            String.UnicodeScalarView(
                fileName.unicodeScalars.map { scalar in
                    scalar.isASCII && isPlain(UInt8(truncatingIfNeeded: scalar.value)) ? scalar : "_"
                }))
        return "\(kind)\(ascii)\"; filename*=UTF-8''\(PercentEncoding.extendedParameter(fileName))"
    }

    /// Whether a byte stands for itself between quotation marks, to every client there is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            && byte != UInt8(ascii: "%")
    }
}
