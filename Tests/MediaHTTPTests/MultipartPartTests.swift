import HTTPTypes
import Testing

@testable import MediaHTTP

struct MultipartPartTests {
    private static func part(_ lines: String...) throws(HTTPError) -> MultipartPart {
        try MultipartPart(header: lines.joined(separator: "\r\n"), body: 5..<9, number: 3)
    }

    @Test("has what its header fields say")
    func fields() throws {
        let part = try Self.part(
            "content-DISPOSITION: form-data; name=\"file\"; filename=\"a.jpg\"", "Content-Type:  image/jpeg; x=y\t",
            "Content-Digest: sha-256=:AAAA:", "X-Other: 1")
        #expect(part.name == "file")
        #expect(part.fileName == "a.jpg")
        #expect(part.contentType == "image/jpeg; x=y")
        #expect(part.contentDigest == "sha-256=:AAAA:")
        #expect(part.body == 5..<9)
    }

    @Test("a field that is no file has no file name")
    func plainField() throws {
        let part = try Self.part("Content-Disposition: form-data; name=title")
        #expect(part.name == "title")
        #expect(part.fileName == nil)
        #expect(part.contentType == nil)
        #expect(part.contentDigest == nil)
    }

    @Test("a file input without a file has an empty file name")
    func noFileChosen() throws {
        #expect(try Self.part("Content-Disposition: form-data; name=f; filename=\"\"").fileName?.isEmpty == true)
    }

    @Test("names are unescaped as browsers escape them")
    func escapedNames() throws {
        let part = try Self.part("Content-Disposition: form-data; name=\"a%22b%0D%0A%\"; filename=\"%22c%22\"")
        #expect(part.name == "a\"b\r\n%")
        #expect(part.fileName == "\"c\"")
    }

    @Test("the extended file name goes before the plain one")
    func extendedFileName() throws {
        let part = try Self.part("Content-Disposition: form-data; name=f; filename=a; filename*=UTF-8''%C3%A9%2522")
        #expect(part.fileName == "é%22")
    }

    @Test("takes an encoding that changes nothing", arguments: ["binary", " 8BIT ", "7bit"])
    func identity(encoding: String) throws {
        let part = try Self.part("Content-Disposition: form-data; name=f", "Content-Transfer-Encoding: \(encoding)")
        #expect(part.name == "f")
    }

    @Test("refuses an encoding that changes the bytes", arguments: ["base64", "Quoted-Printable", "", "gzip"])
    func encoded(encoding: String) throws {
        let error = try #require(throws: HTTPError.self) {
            try Self.part("Content-Disposition: form-data; name=f", "Content-Transfer-Encoding: \(encoding)")
        }
        #expect(error == .badRequest("f", "Content-Transfer-Encoding '\(encoding.lowercased())' isn't supported"))
    }

    @Test(
        "says which part is wrong and how",
        arguments: [
            ("", "part 3 has no Content-Disposition"),
            ("Content-Type: text/plain", "part 3 has no Content-Disposition"),
            ("Content-Disposition : form-data; name=f", "part 3 has no Content-Disposition"),
            ("Content-Disposition: attachment; name=f", "part 3 isn't form-data with a name"),
            ("Content-Disposition: form-data", "part 3 isn't form-data with a name"),
            ("Content-Disposition: form-data; name=\"\"", "part 3 isn't form-data with a name"),
            ("Content-Disposition: form-data; filename=f", "part 3 isn't form-data with a name"),
            ("nonsense", "part 3 has a line that is no header field"),
            ("Content-Disposition: form-data;\r\n name=f", "part 3 has a line that is no header field"),
            (
                "Content-Disposition: form-data; name=f\r\nCONTENT-Disposition: form-data; name=g",
                "part 3 has 'content-disposition' twice"
            ),
            ("Content-Disposition: form-data; name=f\r\nX: 1\r\nx: 2", "part 3 has 'x' twice"),
            ("Content-Disposition: form-data; name=f; name=g", "parameter 'name' stands twice"),
            ("Content-Disposition: form-data; name=\"f", "the quotes of 'name' aren't closed"),
        ])
    func refuses(header: String, reason: String) throws {
        let error = try #require(throws: HTTPError.self) { try Self.part(header) }
        #expect(error == .badRequest("body", reason))
    }

    @Test("a file's name that can't be read names the form's field")
    func badFileName() throws {
        let error = try #require(throws: HTTPError.self) {
            try Self.part("Content-Disposition: form-data; name=f; filename*=latin1''a")
        }
        #expect(error.field == "f")
    }

    @Test("a value isn't cut at a line break of another kind, and what it breaks into is no field")
    func otherLineBreaks() throws {
        let part = try Self.part("Content-Disposition: form-data; name=f; filename=\"a\nContent-Type: x\"")
        #expect(part.fileName == "a\nContent-Type: x")
        #expect(part.contentType == nil)
    }
}
