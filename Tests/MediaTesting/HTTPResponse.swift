package import MediaCore

/// An answer as a client sees it.
package struct HTTPResponse: Sendable {
    package let version: String
    package let status: Int
    /// In their order, names as sent.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    /// From what came over the wire; interim answers (1xx) are passed over.
    init(parsing bytes: [UInt8]) throws(TestFailure) {
        var rest = bytes[...]
        while true {
            guard let end = Self.headEnd(rest) else {
                throw TestFailure("no HTTP answer: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
            }
            let lines = String(decoding: rest[rest.startIndex..<end], as: UTF8.self).split(separator: "\r\n")
            rest = rest[(end + 4)...]
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count >= 2, let status = Int(words[1]) else { throw TestFailure("no status line: \(lines)") }
            if (100..<200).contains(status) { continue }
            version = String(words[0])
            self.status = status
            headers = lines.dropFirst().map { line in
                let name = line.prefix { $0 != ":" }
                return (String(name), String(line.dropFirst(name.count + 1).drop { $0 == " " }))
            }
            body = Array(rest)
            return
        }
    }

    private static func headEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
        var index = bytes.startIndex
        while index + 4 <= bytes.endIndex {
            if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10 {
                return index
            }
            index += 1
        }
        return nil
    }

    /// The value of a header field, in the first line with that name.
    package subscript(name: String) -> String? { all(name).first }

    /// The values of all lines with that name.
    package func all(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null where it is none.
    package var json: JSON { (try? JSONParser.parse(body)) ?? .null }

    /// The member of the body's object, where that is a string.
    package func string(_ name: String) -> String? { json[name]?.string }
}
