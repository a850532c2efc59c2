/// The frames of NestJS's TCP transport: `<length>#<JSON>`, one behind the other, where the length counts UTF-16 code units
/// and not bytes.
package struct NestFrames {
    /// What no NestJS sends; nothing behind it on a connection can be made sense of.
    package struct Broken: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Bytes.
    private let maxLength: Int
    private var buffer: [UInt8] = []
    /// Where in the buffer what isn't looked at yet starts.
    private var position = 0
    /// Code units that the JSON has left to come; nil while the length itself arrives.
    private var left: Int?
    /// Where the JSON starts.
    private var start = 0

    /// - Parameter maxLength: bytes, of a frame's JSON.
    package init(maxLength: Int) {
        self.maxLength = maxLength
    }

    /// Whether a frame has begun and not ended.
    package var isPartial: Bool { !buffer.isEmpty }

    /// Takes what has arrived.
    ///
    /// - Returns: the JSON texts that are whole by now.
    package mutating func take(_ bytes: some Collection<UInt8>) throws(Broken) -> [[UInt8]] {
        buffer.append(contentsOf: bytes)
        var texts: [[UInt8]] = []
        while position < buffer.count {
            if left == nil, try !takeLength() { break }
            guard try takeUnits() else { break }
            texts.append(Array(buffer[start..<position]))
            left = nil
            start = position
        }
        // What is done with goes once and not with each frame.
        if left == nil, start > 0 {
            buffer.removeSubrange(..<start)
            position -= start
            start = 0
        }
        return texts
    }

    /// - Returns: whether the whole length is there.
    private mutating func takeLength() throws(Broken) -> Bool {
        guard let end = buffer[start...].prefix(11).firstIndex(of: UInt8(ascii: "#")) else {
            guard buffer[start...].prefix(10).allSatisfy({ (0x30...0x39).contains($0) }), buffer.count - start <= 10
            else {
                throw Broken(description: "a frame's length is no number")
            }
            position = buffer.count
            return false
        }
        let digits = buffer[start..<end]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Broken(description: "a frame's length is no number")
        }
        let length = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard length <= maxLength else {
            throw Broken(description: "a frame of \(length) code units is longer than \(maxLength) bytes")
        }
        guard length > 0 else { throw Broken(description: "a frame is empty") }
        left = length
        start = end + 1
        position = start
        return true
    }

    /// - Returns: whether the frame is whole.
    private mutating func takeUnits() throws(Broken) -> Bool {
        guard var left else { return false }
        while left > 0, position < buffer.count {
            let width: Int
            // A scalar beyond U+FFFF, of four bytes, has two code units.
            switch buffer[position] {
            case 0..<0x80: width = 1
            case 0xC2..<0xE0: width = 2
            case 0xE0..<0xF0: width = 3
            case 0xF0..<0xF5: width = 4
            default: throw Broken(description: "a frame is not UTF-8")
            }
            guard position + width <= buffer.count else { break }
            left -= width == 4 ? 2 : 1
            position += width
        }
        guard left >= 0 else { throw Broken(description: "a frame ends inside of a character") }
        guard position - start <= maxLength else {
            throw Broken(description: "a frame is longer than \(maxLength) bytes")
        }
        self.left = left
        return left == 0
    }

    /// A frame with this JSON text.
    package static func frame(_ json: [UInt8]) -> [UInt8] {
        var units = 0
        for byte in json where byte & 0xC0 != 0x80 { units += byte >= 0xF0 ? 2 : 1 }
        return Array("\(units)#".utf8) + json
    }
}
