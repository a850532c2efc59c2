/// A header value with parameters, such as `form-data; name="file"; filename="a.jpg"` (RFC 9110 §5.6.6).
package struct ParameterizedHeader: Sendable {
    /// What stands before the first `;`, in lower case.
    package let value: String
    /// By their names in lower case.
    private let parameters: [String: String]

    package subscript(name: String) -> String? { parameters[name] }

    /// - Throws: 400 with `field` for a parameter that stands twice and for a value that isn't closed.
    package init(_ text: some StringProtocol, field: String) throws(HTTPError) {
        // By scalars: a delimiter and a combining mark behind it are one Character.
        var rest = Substring(text).unicodeScalars
        func token(until stops: Set<Unicode.Scalar>) -> String {
            let end = rest.firstIndex(where: stops.contains) ?? rest.endIndex
            defer { rest = rest[end...] }
            return Self.trimmed(rest[..<end])
        }
        value = token(until: [";"]).lowercased()
        var found: [String: String] = [:]
        while rest.first == ";" {
            rest = rest.dropFirst()
            let name = token(until: ["=", ";"]).lowercased()
            guard rest.first == "=" else {
                if name.isEmpty { continue }
                throw .badRequest(field, "parameter '\(name)' has no value")
            }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let content: String
            if rest.first == "\"" {
                guard let (unquoted, end) = Self.quoted(rest) else {
                    throw .badRequest(field, "the quotes of '\(name)' aren't closed")
                }
                content = unquoted
                rest = rest[end...].drop { $0 == " " || $0 == "\t" }
                guard rest.isEmpty || rest.first == ";" else {
                    throw .badRequest(field, "text behind the quotes of '\(name)'")
                }
            } else {
                content = token(until: [";"])
            }
            guard found.updateValue(content, forKey: name) == nil else {
                throw .badRequest(field, "parameter '\(name)' stands twice")
            }
        }
        parameters = found
    }

    /// The file's name that a `Content-Disposition` carries, or nil: the extended form before the plain one (RFC 6266
    /// §4.3), and of the plain one the escape that browsers use for a quotation mark (WHATWG HTML, multipart form data).
    package func fileName(field: String) throws(HTTPError) -> String? {
        if let extended = self["filename*"] {
            let parts = extended.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].lowercased() == "utf-8", let name = PercentDecoding.text(parts[2]) else {
                throw .badRequest(field, "filename* has to be UTF-8''… with percent-encoding (RFC 8187)")
            }
            return name
        }
        return self["filename"].map(Self.unescapeFormName)
    }

    /// What browsers wrote for a quotation mark or a line break in a name of a form.
    static func unescapeFormName(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "%")) else { return name }
        var result = String.UnicodeScalarView()
        var rest = Substring(name).unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "%", let escaped = escapes[String(rest.prefix(2)).uppercased()] else {
                result.append(scalar)
                continue
            }
            result.append(escaped)
            rest = rest.dropFirst(2)
        }
        return String(result)
    }

    private static let escapes: [String: Unicode.Scalar] = ["22": "\"", "0D": "\r", "0A": "\n"]

    /// The text of a quoted string (RFC 9110 §5.6.4) and where it ends. A backslash escapes a quotation mark and itself
    /// only, since clients send paths with single backslashes.
    private static func quoted(_ text: Substring.UnicodeScalarView) -> (text: String, end: String.Index)? {
        var result = String.UnicodeScalarView()
        var index = text.index(after: text.startIndex)
        while index < text.endIndex {
            let scalar = text[index]
            let next = text.index(after: index)
            if scalar == "\"" { return (String(result), next) }
            if scalar == "\\", next < text.endIndex, text[next] == "\"" || text[next] == "\\" {
                result.append(text[next])
                index = text.index(after: next)
            } else {
                result.append(scalar)
                index = next
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring.UnicodeScalarView) -> String {
        let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isSpace)
        return String(start.lastIndex { !isSpace($0) }.map { start[...$0] } ?? start)
    }
}
