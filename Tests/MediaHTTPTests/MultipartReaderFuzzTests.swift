import HTTPTypes
import MediaHTTP
import Testing

/// Bodies with random damage: the reader finds parts inside the body or throws, and never traps.
struct MultipartReaderFuzzTests {
    private static let bodies = [
        formPart("title", "Häuser") + formPart("file", fileName: "a\\\"%22.bin", "\0\r\n--\r\nA") + "--b--\r\n",
        "preamble\r\n--b \t\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''%C3%A9\r\n"
            + "Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\n--b--\r\nepilogue",
        formPart("", "") + formPart("a", "\r\n") + "--b\r\n\r\n--b--",
    ]

    /// What means something to the reader.
    private static let tokens: [[UInt8]] =
        [
            "\r\n", "\r", "\n", "--b", "\r\n--b", "\r\n--b\r\n", "--", "\r\n\r\n", ":", ";", "=", "\"", "\\", "%22",
            "'", " ",
            "\u{301}", "\u{37E}", "é", "name=", "filename*=", "Content-Disposition: form-data; name=x", "\0",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xCC], [0x81]]

    private static func damage(_ bytes: inout [UInt8], using generator: inout SplitMix64) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...6, using: &generator))
            let token = tokens.randomElement(using: &generator) ?? []
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.insert(contentsOf: token, at: place)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.replaceSubrange(place..<end, with: token)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            default: if Int.random(in: 0..<8, using: &generator) == 0 { bytes.removeSubrange(place...) }
            }
        }
    }

    /// Whether it was taken.
    private static func check(_ file: BodyFile, limits: MultipartReader.Limits) throws -> Bool {
        switch Result(catching: { () throws(HTTPError) in try file.parts(limits: limits) }) {
        case .success(let parts):
            try #require(parts.count <= limits.parts)
            var end: Int64 = 0
            for part in parts {
                try #require(
                    part.body.lowerBound >= end && part.body.upperBound <= file.bytes.count && !part.name.isEmpty)
                let rest = file.bytes[Int(part.body.upperBound)...]
                try #require(rest.starts(with: Array("\r\n--b".utf8)) || part.body.isEmpty)
                end = part.body.upperBound
            }
            return true
        case .failure(let error):
            try #require(error.kind == .invalidRequest && !error.reason.isEmpty)
            return false
        }
    }

    @Test("finds parts inside the body or throws", arguments: bodies)
    func mutations(body: String) throws {
        var generator = SplitMix64(seed: 1)
        let file = try BodyFile()
        var taken = 0
        for _ in 0..<4000 {
            var bytes = Array(body.utf8)
            Self.damage(&bytes, using: &generator)
            try file.replace(with: bytes)
            taken += try Self.check(file, limits: .init(parts: 3, headerBytes: 200)) ? 1 : 0
        }
        #expect((1..<4000).contains(taken), "the damage leaves nothing whole, or everything")
    }

    @Test("bodies of random pieces are survived")
    func noise() throws {
        var generator = SplitMix64(seed: 2)
        let file = try BodyFile()
        for _ in 0..<4000 {
            var bytes = Array("--b\r\n".utf8)
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                bytes += Self.tokens.randomElement(using: &generator) ?? []
            }
            try file.replace(with: bytes)
            _ = try Self.check(file, limits: .init(parts: 2, headerBytes: 64))
        }
    }

    @Test("a Content-Type of random pieces is survived")
    func contentTypes() throws {
        var generator = SplitMix64(seed: 3)
        let file = try BodyFile("--b--")
        for _ in 0..<4000 {
            var bytes = Array("multipart/form-data; boundary=b".utf8)
            Self.damage(&bytes, using: &generator)
            _ = try? file.parts(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("every byte in turn replaced by every byte is survived")
    func systematic() throws {
        let body = Array((formPart("a", fileName: "x", "1") + "--b--").utf8)
        let file = try BodyFile()
        for place in body.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = body
                bytes[place] = byte
                try file.replace(with: bytes)
                _ = try Self.check(file, limits: .init(parts: 2))
            }
        }
    }
}
