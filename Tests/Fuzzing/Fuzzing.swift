// What libFuzzer calls: the first byte says which parser gets the rest. A crash is a fault, and so is a value that doesn't come
// back as it was written. Built and run by deploy/fuzz, beside the package's own tests.
import Glibc
import MediaCore
import MediaHTTP

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 1, count: size - 1))
    targets[Int(data[0]) % targets.count](bytes)
    return 0
}

private let targets: [([UInt8]) -> Void] = [
    json, multipart, header, query, uploadMetadata, signedLink, cursor, texts, base64,
]

private func json(_ bytes: [UInt8]) {
    for keepsBytes in [false, true] {
        guard let value = try? JSONParser.parse(bytes, maxDepth: 32, keepsBytes: keepsBytes) else { continue }
        let again = try? JSONParser.parse(value.bytes, maxDepth: 32, keepsBytes: keepsBytes)
        precondition(again == value, "JSON comes back as another one")
        _ = (try? TokenHeader(value), try? TokenClaims(value), UploadGrant(value), value.wholeNumber)
    }
}

/// A file without a name, as nginx's spooled bodies are files.
private let bodyFile = fileno(tmpfile())

private func multipart(_ bytes: [UInt8]) {
    let written = pwrite(bodyFile, bytes, bytes.count, 0)
    precondition(written == bytes.count && ftruncate(bodyFile, off_t(written)) == 0, "no room for a body")
    let parts = try? MultipartReader.parts(
        descriptor: bodyFile, size: Int64(bytes.count), contentType: "multipart/form-data; boundary=b",
        limits: MultipartReader.Limits(parts: 20))
    for part in parts ?? [] {
        precondition(part.body.lowerBound >= 0 && part.body.upperBound <= Int64(bytes.count), "a part lies outside")
    }
}

private func header(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let header = try? ParameterizedHeader(text, field: "f") else { return }
    _ = try? header.fileName(field: "f")
}

private func query(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let query = try? QueryParameters(text, allowed: ["a", "b", "name"]) else { return }
    let written = query.values.sorted { $0.key < $1.key }.map { "\($0.key)=\(PercentEncoding.pathSegment($0.value))" }
    let again = try? QueryParameters(written.joined(separator: "&"), allowed: ["a", "b", "name"])
    precondition(again?.values == query.values, "a query comes back as another one")
}

private func uploadMetadata(_ bytes: [UInt8]) {
    _ = try? UploadMetadata.parse(String(decoding: bytes, as: UTF8.self))
}

private func signedLink(_ bytes: [UInt8]) {
    let names: Set = ["e", "k", "l", "s", "n", "d", "u"]
    guard let id = MediaID("c000000000000000000000000"),
        let query = try? QueryParameters(String(decoding: bytes, as: UTF8.self), allowed: names)
    else { return }
    _ = SignedLink.parse(mediaID: id) { query.values[$0] }
}

private func cursor(_ bytes: [UInt8]) { _ = MediaCursor(String(decoding: bytes, as: UTF8.self)) }

private func texts(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let moment = Timestamp(iso8601: text), Timestamp.storable.contains(moment) {
        precondition(Timestamp(iso8601: moment.iso8601) == moment, "a moment comes back as another one")
    }
    _ = (Network(text)?.contains("192.0.2.1"), OutsideURL.fault(in: text), IdempotencyKey(field: text))
    _ = (TypeAllowList(text), TextRules.prefix(text, 10), LinkID(text), MediaID(text), APIKey(text))
    if FileName.fault(in: text) == nil {
        let name = FileName.publicName(originalName: text, extension: "bin")
        precondition(!name.contains("/") && !name.hasPrefix(".") && name.utf8.count <= 255, "a public name is none")
    }
}

private func base64(_ bytes: [UInt8]) {
    precondition(Base64URL.decode(Base64URL.encode(bytes)) == bytes, "bytes come back as others")
    let text = String(decoding: bytes, as: UTF8.self)
    if let decoded = Base64URL.decode(text) { precondition(Base64URL.encode(decoded) == text, "two ways to write it") }
    _ = (Base64URL.decodeStandard(text), Hex.decode(text))
}
