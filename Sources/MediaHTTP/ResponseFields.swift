/// A response's header fields, in the order they go out.
///
/// HTTPFields of swift-http-types knows every name and looks each one up by hash; that took a fifth of our own time in a
/// delivery. The names that this service answers with are few and known.
package struct ResponseFields: Sendable, Equatable {
    package enum Name: String, Sendable {
        case allow = "Allow"
        case contentLocation = "Content-Location"
        case cacheControl = "Cache-Control"
        case contentDisposition = "Content-Disposition"
        case contentSecurityPolicy = "Content-Security-Policy"
        case contentType = "Content-Type"
        case eTag = "ETag"
        case idempotencyReplayed = "Idempotency-Replayed"
        case link = "Link"
        case location = "Location"
        /// What a decision tells nginx.
        case mediaCacheControl = "X-Media-Cache-Control"
        case mediaVary = "X-Media-Vary"
        case mediaDisposition = "X-Media-Disposition"
        case mediaFile = "X-Media-File"
        case mediaType = "X-Media-Type"
        /// The record that an upload has become.
        case mediaID = "Media-Id"
        case retryAfter = "Retry-After"
        case tusChecksumAlgorithm = "Tus-Checksum-Algorithm"
        case tusExtension = "Tus-Extension"
        case tusMaxSize = "Tus-Max-Size"
        case tusResumable = "Tus-Resumable"
        case tusVersion = "Tus-Version"
        case uploadConcat = "Upload-Concat"
        case uploadDeferLength = "Upload-Defer-Length"
        case uploadExpires = "Upload-Expires"
        case uploadLength = "Upload-Length"
        case uploadOffset = "Upload-Offset"
        case vary = "Vary"
        case wwwAuthenticate = "WWW-Authenticate"
        /// nginx's field for how long it may keep an answer.
        case xAccelExpires = "X-Accel-Expires"
        /// nginx's field for an internal redirect.
        case xAccelRedirect = "X-Accel-Redirect"
    }

    private var fields: [(name: Name, value: String)] = []

    package init() {
        fields.reserveCapacity(6)
    }

    /// A field's value; nil where there is none. To set nil removes the field.
    package subscript(name: Name) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            fields.removeAll { $0.name == name }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    package func contains(_ name: Name) -> Bool { fields.contains { $0.name == name } }

    /// Appends the fields as lines (RFC 9112 §5). A control character in a value, which could begin a line of its own,
    /// goes out as a space.
    func write(to bytes: inout [UInt8]) {
        for (name, value) in fields {
            bytes.append(text: name.rawValue)
            bytes.append(UInt8(ascii: ":"))
            bytes.append(UInt8(ascii: " "))
            let start = bytes.count
            bytes.append(text: value)
            if Self.hasControl(value.utf8.span) {
                for index in start..<bytes.count where Self.isControl(bytes[index]) { bytes[index] = 0x20 }
            }
            bytes.append(UInt8(ascii: "\r"))
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    private static func hasControl(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where isControl(bytes[index]) { return true }
        return false
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    package static func == (left: ResponseFields, right: ResponseFields) -> Bool {
        left.fields.elementsEqual(right.fields) { $0 == $1 }
    }
}
