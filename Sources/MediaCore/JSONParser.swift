/// A strict JSON reader (RFC 8259): UTF-8 only, no repeated member, limited depth, an error with its place.
package struct JSONParser {
    /// What is wrong with a JSON text, and where.
    package struct Failure: Error, Equatable {
        /// Bytes from the start of the text.
        package let offset: Int
        package let reason: String
    }

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private let maxDepth: Int
    private let keepsBytes: Bool
    /// How many values there may still be.
    private var left: Int

    /// The value that `bytes` holds, and nothing behind it but white space.
    ///
    /// - Parameters:
    ///   - maxDepth: how deep arrays and objects may nest.
    ///   - maxValues: how many values there may be, each of which takes far more room than its text.
    ///   - keepsBytes: whether the `data` of an object becomes `JSON.bytes` where it is an array of numbers from 0 to 255, as
    ///     Node writes a Buffer: a value for each number would take twenty times the room.
    package static func parse(
        _ bytes: [UInt8], maxDepth: Int = 32, maxValues: Int = .max, keepsBytes: Bool = false
    ) throws(Failure) -> JSON {
        var parser = JSONParser(bytes: bytes, maxDepth: maxDepth, maxValues: maxValues, keepsBytes: keepsBytes)
        parser.skipSpace()
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure("text after the end of the value") }
        return value
    }

    private init(bytes: [UInt8], maxDepth: Int, maxValues: Int, keepsBytes: Bool) {
        self.bytes = bytes
        left = maxValues
        self.maxDepth = maxDepth
        self.keepsBytes = keepsBytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ reason: String) -> Failure { Failure(offset: position, reason: reason) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value() throws(Failure) -> JSON {
        guard left > 0 else { throw failure("too many values") }
        left -= 1
        switch next {
        case nil: throw failure("the text ends where a value is expected")
        case UInt8(ascii: "{"): return try nested { (parser) throws(Failure) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(Failure) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ body: (inout JSONParser) throws(Failure) -> JSON) throws(Failure) -> JSON {
        guard depth < maxDepth else { throw failure("nested deeper than \(maxDepth) levels") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func literal(_ word: String, _ value: JSON) throws(Failure) -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("not a JSON value") }
        position += word.utf8.count
        return value
    }

    private mutating func array() throws(Failure) -> JSON {
        var elements: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            skipSpace()
            elements.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or ']' expected") }
        }
    }

    private mutating func object() throws(Failure) -> JSON {
        var members: [JSON.Member] = []
        // Of the first few names a comparison with each is quicker than a set.
        var names: Set<ExactText> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member's name in quotes expected") }
            let name = try string()
            guard isNew(name, members, &names) else { throw failure("member '\(name)' stands twice") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("':' expected") }
            skipSpace()
            if keepsBytes, name == "data", let numbers = byteArray() {
                members.append(JSON.Member(name, .bytes(numbers)))
            } else {
                members.append(JSON.Member(name, try value()))
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or '}' expected") }
        }
    }

    private func isNew(_ name: String, _ members: [JSON.Member], _ names: inout Set<ExactText>) -> Bool {
        let name = ExactText(name)
        if members.count < 8 { return !members.contains { ExactText($0.name) == name } }
        if members.count == 8 { names = Set(members.map { ExactText($0.name) }) }
        return names.insert(name).inserted
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        position = bytes.withUnsafeBufferPointer { JSONBytes.firstSpecial($0, from: start) }
        // Mostly nothing is escaped, and the text is what stands there.
        if take(UInt8(ascii: "\"")) { return try text(bytes[start..<position - 1], start) }
        var text = Array(bytes[start..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try self.text(text[...], start)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("a control character in a string has to be escaped")
            default: text.append(byte)
            }
        }
        throw failure("the text ends inside a string")
    }

    /// Outside of strings the grammar itself knows no byte beyond ASCII.
    private func text(_ bytes: ArraySlice<UInt8>, _ start: Int) throws(Failure) -> String {
        // Quicker than `String(validating:)`, which looks at each character by itself: what isn't valid doesn't come back as it was.
        let text = String(decoding: bytes, as: UTF8.self)
        let isSame = bytes.withUnsafeBufferPointer { JSONBytes.isASCII($0) || text.utf8.elementsEqual($0) }
        guard isSame else { throw Failure(offset: start, reason: "not valid UTF-8") }
        return text
    }

    /// The array of bytes that stands here; nil where it is none, or empty, and then nothing is read.
    private mutating func byteArray() -> [UInt8]? {
        guard next == UInt8(ascii: "[") else { return nil }
        let start = position
        var numbers: [UInt8] = []
        position += 1
        while true {
            skipSpace()
            var number = 0
            let first = position
            while let byte = next, (0x30...0x39).contains(byte), position < first + 3 {
                number = number * 10 + Int(byte - 0x30)
                position += 1
            }
            let isPlain = position > first && (position == first + 1 || bytes[first] != UInt8(ascii: "0"))
            guard isPlain, let number = UInt8(exactly: number) else { break }
            numbers.append(number)
            skipSpace()
            if take(UInt8(ascii: "]")) { return numbers }
            guard take(UInt8(ascii: ",")) else { break }
        }
        position = start
        return nil
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw failure("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexUnit()
            if (0xD800...0xDBFF).contains(unit) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure("a lone surrogate") }
                let low = try hexUnit()
                guard (0xDC00...0xDFFF).contains(low) else { throw failure("a lone surrogate") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw failure("a lone surrogate") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexUnit() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("the text ends inside a string") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Hex.value(of: bytes[position]) else { throw failure("four hexadecimal digits expected") }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private mutating func number() throws(Failure) -> JSON {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let leadingZero = next == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0 else { throw failure("not a JSON value") }
        guard !leadingZero || whole == 1 else { throw failure("a number with a leading zero") }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() > 0 else { throw failure("a digit expected") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw failure("a digit expected") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, text != "-0", let value = Int64(text) { return .integer(value) }
        // What no reader's double can hold would be infinite to some and refused by others.
        guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
        return .decimal(text)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }
}
