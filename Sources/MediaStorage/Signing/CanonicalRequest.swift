internal import Crypto
internal import MediaCore

/// A request in the one form that it is signed in, by Amazon (Signature Version 4) and Google (V4) alike.
struct CanonicalRequest {
    let text: String
    /// Names in lower case, sorted, with semicolons.
    let signedFields: String

    /// - Parameters:
    ///   - fields: those that are signed.
    ///   - payload: the body's SHA-256 in hexadecimal digits, or a word in its place.
    init(_ method: String, _ url: ObjectURL, fields: [HTTPClient.Field], payload: String) {
        let sorted = fields.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) }
            .sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
        signedFields = sorted.map(\.name).joined(separator: ";")
        let query = url.query.map { (ObjectURL.encoded($0.name), ObjectURL.encoded($0.value)) }
            .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
        text = [
            method, url.path.isEmpty ? "/" : url.path, query,
            sorted.map { "\($0.name):\($0.value)\n" }.joined(), signedFields, payload,
        ].joined(separator: "\n")
    }

    var digest: String { Hex.encode(Array(SHA256.hash(data: Array(text.utf8)))) }

    /// Without spaces around it, and with one in place of several.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
