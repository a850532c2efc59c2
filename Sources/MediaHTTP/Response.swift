package import HTTPTypes

/// An HTTP response with a short body; files are sent by nginx (`X-Accel-Redirect`).
package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var fields = ResponseFields()
    package var body: [UInt8]

    package init(status: HTTPResponse.Status, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    package init(status: HTTPResponse.Status, contentType: String, body: [UInt8]) {
        self.init(status: status, body: body)
        fields[.contentType] = contentType
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
        fields.write(to: &bytes)
        if !body.isEmpty || fields.contains(.contentType) {
            bytes.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8)
        }
        bytes.append(contentsOf: "\r\n".utf8)
        if !omitsBody { bytes.append(contentsOf: body) }
        return bytes
    }
}
