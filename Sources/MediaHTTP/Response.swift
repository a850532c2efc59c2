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
        bytes.reserveCapacity(768 + body.count)
        bytes.append(text: ReasonPhrase.line(status.code))
        fields.write(to: &bytes)
        if !body.isEmpty || fields.contains(.contentType) {
            bytes.append(text: "Content-Length: ")
            bytes.append(text: String(body.count))
            bytes.append(text: "\r\n")
        }
        bytes.append(text: "\r\n")
        if !omitsBody { bytes.append(contentsOf: body) }
        return bytes
    }
}

extension [UInt8] {
    /// As `append(contentsOf: text.utf8)`, whose general way costs a response's head 1,800 instructions more.
    mutating func append(text: String) {
        var text = text
        text.withUTF8 { unsafe append(contentsOf: $0) }
    }
}
