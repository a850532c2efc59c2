/// A `multipart/form-data` body made by hand, for what no client would send.
package struct MultipartBody: Sendable {
    package let boundary: String
    package private(set) var bytes: [UInt8] = []

    package init(boundary: String = "test-boundary") {
        self.boundary = boundary
    }

    package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a part with these header lines.
    package mutating func add(header: String, _ content: [UInt8]) {
        bytes += Array("--\(boundary)\r\n\(header)\r\n\r\n".utf8) + content + Array("\r\n".utf8)
    }

    package mutating func add(field name: String, _ value: String) {
        add(header: "Content-Disposition: form-data; name=\"\(name)\"", Array(value.utf8))
    }

    package mutating func add(file name: String, type: String? = nil, _ content: [UInt8]) {
        let line = "Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\""
        add(header: line + (type.map { "\r\nContent-Type: \($0)" } ?? ""), content)
    }

    /// The whole body.
    package var closed: [UInt8] { bytes + Array("--\(boundary)--\r\n".utf8) }
}
