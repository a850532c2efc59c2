internal import CLinux
internal import Glibc

/// Finds the parts of a `multipart/form-data` body (RFC 7578, RFC 2046 §5.1) in a file, without holding it in memory.
@safe
package struct MultipartReader: ~Copyable {
    /// What a body may have at most.
    package struct Limits: Sendable {
        package var parts: Int
        /// Bytes of one part's header fields.
        package var headerBytes: Int

        package init(parts: Int, headerBytes: Int = 8192) {
            self.parts = parts
            self.headerBytes = headerBytes
        }
    }

    private let descriptor: Int32
    private let size: Int64
    /// `CRLF--boundary`, as it ends each part.
    private let delimiter: [UInt8]
    private let limits: Limits
    private let window: UnsafeMutableRawBufferPointer

    /// The parts in their order.
    ///
    /// - Parameters:
    ///   - descriptor: an open file that holds the body.
    ///   - size: bytes.
    ///   - contentType: the request's, with the boundary.
    /// - Throws: 400 where the body isn't one, is cut off, or has more parts or longer header fields than allowed.
    package static func parts(
        descriptor: Int32, size: Int64, contentType: String, limits: Limits
    ) throws(HTTPError) -> [MultipartPart] {
        let boundary = try ParameterizedHeader(contentType, field: "Content-Type")["boundary"] ?? ""
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw .badRequest("Content-Type", "multipart/form-data needs a boundary of 1 to 70 ASCII characters")
        }
        let reader = MultipartReader(descriptor: descriptor, size: size, boundary: boundary, limits: limits)
        return try reader.read()
    }

    private init(descriptor: Int32, size: Int64, boundary: String, limits: Limits) {
        self.descriptor = descriptor
        self.size = size
        self.limits = limits
        delimiter = Array("\r\n--\(boundary)".utf8)
        unsafe window = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    }

    deinit {
        unsafe window.deallocate()
    }

    private func read() throws(HTTPError) -> [MultipartPart] {
        var parts: [MultipartPart] = []
        var position = try firstDelimiterEnd()
        while true {
            let ending = try bytes(at: position, count: 2)
            if ending == Array("--".utf8) { return parts }
            position = try lineEnd(from: position)
            guard parts.count < limits.parts else {
                throw .badRequest("body", "has more than \(limits.parts) parts")
            }
            let (header, start) = try headerBlock(at: position)
            // The line break that ends the header fields may be the delimiter's, where a part is empty.
            guard let end = try find(delimiter, from: start - 2) else {
                throw .badRequest("body", "is cut off: part \(parts.count + 1) has no closing boundary")
            }
            parts.append(try MultipartPart(header: header, body: start..<max(start, end), number: parts.count + 1))
            position = end + Int64(delimiter.count)
        }
    }

    /// The place behind the first boundary, which stands at the start of the body or behind a preamble.
    private func firstDelimiterEnd() throws(HTTPError) -> Int64 {
        let opening = Array(delimiter.dropFirst(2))
        if size >= Int64(opening.count), try bytes(at: 0, count: opening.count) == opening {
            return Int64(opening.count)
        }
        guard let start = try find(delimiter, from: 0, before: 65536) else {
            throw .badRequest("body", "doesn't start with the boundary that Content-Type names")
        }
        return start + Int64(delimiter.count)
    }

    /// The place behind the line break that ends a boundary's line.
    private func lineEnd(from position: Int64) throws(HTTPError) -> Int64 {
        // White space may stand there (RFC 2046 §5.1.1), and nobody sends much of it.
        let line = try bytes(at: position, count: Int(min(1024, max(2, size - position))))
        let padding = line.prefix { $0 == 0x20 || $0 == 0x09 }.count
        guard line.dropFirst(padding).starts(with: [0x0D, 0x0A]) else {
            throw .badRequest("body", "text behind a boundary")
        }
        return position + Int64(padding) + 2
    }

    /// A part's header fields and the place of its first byte.
    private func headerBlock(at position: Int64) throws(HTTPError) -> (text: String, bodyStart: Int64) {
        let available = Int(min(Int64(limits.headerBytes + 4), size - position))
        let block = try bytes(at: position, count: available)
        var end = 0
        while end + 4 <= block.count, !block[end...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) { end += 1 }
        guard end + 4 <= block.count else {
            throw available < limits.headerBytes + 4
                ? .badRequest("body", "is cut off inside a part's header fields")
                : .badRequest("body", "a part's header fields are longer than \(limits.headerBytes) bytes")
        }
        guard let text = String(validating: block[..<end], as: UTF8.self) else {
            throw .badRequest("body", "a part's header fields aren't UTF-8")
        }
        return (text, position + Int64(end) + 4)
    }

    private func bytes(at position: Int64, count: Int) throws(HTTPError) -> [UInt8] {
        guard position + Int64(count) <= size else { throw .badRequest("body", "is cut off") }
        let read = try fill(at: position, count: count)
        return unsafe Array(UnsafeRawBufferPointer(rebasing: window[..<read]))
    }

    /// Where `word` first stands at or behind `start`.
    private func find(_ word: [UInt8], from start: Int64, before limit: Int64 = .max) throws(HTTPError) -> Int64? {
        var position = start
        while position + Int64(word.count) <= size, position < limit {
            let count = try unsafe fill(at: position, count: window.count)
            let found = offset(of: word, inFirst: count)
            if let found { return position + Int64(found) }
            position += Int64(count - word.count + 1)
        }
        return nil
    }

    /// Where `word` first stands in the window.
    private func offset(of word: [UInt8], inFirst count: Int) -> Int? {
        unsafe word.withUnsafeBytes { pattern in
            guard let match = unsafe memmem(window.baseAddress, count, pattern.baseAddress, pattern.count),
                let base = unsafe window.baseAddress
            else { return nil }
            return unsafe UnsafeRawPointer(match) - UnsafeRawPointer(base)
        }
    }

    /// Reads into the window; the whole `count`, or up to the end of the file.
    private func fill(at position: Int64, count: Int) throws(HTTPError) -> Int {
        let wanted = Int(min(Int64(count), size - position))
        var done = 0
        while done < wanted {
            let result = unsafe pread(
                descriptor, window.baseAddress?.advanced(by: done), wanted - done, off_t(position) + off_t(done))
            if result < 0 && errno == EINTR { continue }
            guard result > 0 else { throw .badRequest("body", "can't be read") }
            done += result
        }
        return done
    }
}
