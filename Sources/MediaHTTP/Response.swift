package import HTTPTypes

/// An HTTP response with a short body; files are sent by nginx (`X-Accel-Redirect`).
package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: [UInt8]

    package init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    package init(status: HTTPResponse.Status, contentType: String, body: [UInt8]) {
        self.init(status: status, fields: [.contentType: contentType], body: body)
    }

    /// Whether nginx is to answer with what another location has.
    var isInternalRedirect: Bool { fields.contains(.xAccelRedirect) }

    /// The response as a FastCGI responder writes it: CGI header fields and the body (RFC 3875 §6).
    ///
    /// - Parameter omitsBody: for HEAD.
    func serialized(omitsBody: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + body.count)
        bytes.append(contentsOf: "Status: \(status.code) \(ReasonPhrase.of(status.code))\r\n".utf8)
        for field in fields {
            // HTTPField has made sure that a value holds no line break.
            bytes.append(contentsOf: field.name.rawName.utf8)
            bytes.append(contentsOf: ": ".utf8)
            bytes.append(contentsOf: field.value.utf8)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        if !body.isEmpty || fields.contains(.contentType) {
            bytes.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8)
        }
        bytes.append(contentsOf: "\r\n".utf8)
        if !omitsBody { bytes.append(contentsOf: body) }
        return bytes
    }
}

extension HTTPField.Name {
    /// nginx's field for an internal redirect.
    package static let xAccelRedirect: HTTPField.Name = {
        guard let name = HTTPField.Name("X-Accel-Redirect") else { preconditionFailure("a field's name") }
        return name
    }()
}
