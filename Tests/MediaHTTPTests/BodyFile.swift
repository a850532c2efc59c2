import Foundation
import MediaHTTP
import Testing

/// A temporary file without a name that holds a body, as nginx hands it over.
final class BodyFile {
    private let descriptor: Int32
    private(set) var bytes: [UInt8] = []

    init(_ bytes: [UInt8] = []) throws {
        var path = Array("\(NSTemporaryDirectory())/media-body-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        unlink(path)
        try replace(with: bytes)
    }

    convenience init(_ text: String) throws {
        try self.init(Array(text.utf8))
    }

    deinit {
        close(descriptor)
    }

    func replace(with bytes: [UInt8]) throws {
        self.bytes = bytes
        try #require(ftruncate(descriptor, 0) == 0)
        try #require(pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
    }

    /// - Parameter size: what the reader is told; by default what is there.
    func parts(
        _ contentType: String = "multipart/form-data; boundary=b", size: Int? = nil,
        limits: MultipartReader.Limits = .init(parts: 10)
    ) throws(HTTPError) -> [MultipartPart] {
        try MultipartReader.parts(
            descriptor: descriptor, size: Int64(size ?? bytes.count), contentType: contentType, limits: limits)
    }

    func content(_ part: MultipartPart) -> [UInt8] {
        Array(bytes[Int(part.body.lowerBound)..<Int(part.body.upperBound)])
    }

    func text(_ part: MultipartPart) -> String {
        String(decoding: content(part), as: UTF8.self)
    }
}

/// A part as a client writes it, with the boundary `b` before it.
func formPart(_ name: String, fileName: String? = nil, _ content: String) -> String {
    let file = fileName.map { "; filename=\"\($0)\"" } ?? ""
    return "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n\(content)\r\n"
}
