/// One part of a `multipart/form-data` body: its fields and where its bytes are.
package struct MultipartPart: Sendable {
    /// The form field's name.
    package let name: String
    /// What the client calls the file; nil where the part is no file.
    package let fileName: String?
    package let contentType: String?
    /// `Content-Digest` of the part's bytes, where sent (RFC 9530 §2).
    package let contentDigest: String?
    /// Bytes of the body that are the part's content.
    package let body: Range<Int64>

    /// - Parameters:
    ///   - header: the part's header fields without the empty line.
    ///   - number: from 1, for messages.
    init(header: String, body: Range<Int64>, number: Int) throws(HTTPError) {
        self.body = body
        var fields: [String: Substring] = [:]
        for line in header.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else {
                throw .badRequest("body", "part \(number) has a line that is no header field")
            }
            let name = line[..<colon].lowercased()
            guard fields.updateValue(line[line.index(after: colon)...], forKey: name) == nil else {
                throw .badRequest("body", "part \(number) has '\(name)' twice")
            }
        }
        guard let text = fields["content-disposition"] else {
            throw .badRequest("body", "part \(number) has no Content-Disposition")
        }
        let disposition = try ParameterizedHeader(text, field: "body")
        guard disposition.value == "form-data", let name = disposition["name"], !name.isEmpty else {
            throw .badRequest("body", "part \(number) isn't form-data with a name")
        }
        if let encoding = fields["content-transfer-encoding"].map({ Self.trimmed($0).lowercased() }),
            !["binary", "8bit", "7bit"].contains(encoding)
        {
            throw .badRequest(name, "Content-Transfer-Encoding '\(encoding)' isn't supported")
        }
        self.name = ParameterizedHeader.unescapeFormName(name)
        fileName = try disposition.fileName(field: name)
        contentType = fields["content-type"].map(Self.trimmed)
        contentDigest = fields["content-digest"].map(Self.trimmed)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(String(text.drop { $0 == " " || $0 == "\t" }).reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
