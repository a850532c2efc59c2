import HTTPTypes
import MediaHTTP
import Testing

struct MultipartReaderTests {
    /// Fields before, between and behind files, one of them empty.
    private static let form =
        formPart("title", "Häuser") + formPart("file", fileName: "a.bin", "\0\r\n\r\nA\r\n")
        + formPart("file", fileName: "b.bin", "") + formPart("note", "last") + "--b--\r\n"

    @Test("finds fields and files in their order")
    func form() throws {
        let file = try BodyFile(Self.form)
        let parts = try file.parts()
        #expect(parts.map(\.name) == ["title", "file", "file", "note"])
        #expect(parts.map(\.fileName) == [nil, "a.bin", "b.bin", nil])
        #expect(
            parts.map { Array(file.text($0).utf8) } == ["Häuser", "\0\r\n\r\nA\r\n", "", "last"].map { Array($0.utf8) })
    }

    @Test(
        "a form without parts, a preamble, an epilogue and white space behind boundaries are taken",
        arguments: [
            ("--b--", []), ("--b--\r\n", []), ("\r\n--b--", []), ("\r\n" + formPart("a", "1") + "--b--", ["1"]),
            ("preamble\r\n--not\r\n" + formPart("a", "1") + "--b--\r\nepilogue\r\n--b\r\n", ["1"]),
            (String(repeating: "p", count: 60_000) + "\r\n" + formPart("a", "1") + "--b--", ["1"]),
            (
                "--b \t \r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b\t\r\n"
                    + "Content-Disposition: form-data; name=b\r\n\r\n2\r\n--b--  \r\n", ["1", "2"]
            ),
        ])
    func frame(body: String, contents: [String]) throws {
        let file = try BodyFile(body)
        #expect(try file.parts().map(file.text) == contents)
    }

    @Test(
        "content that looks like a boundary stays content",
        arguments: [
            "x--b", "x--b--\r", "x--b\r\n", "\n--b\n", "\r--b\r", "\r\n-b\r\n", "\r\n--", "\r\n--B--", "\r\n --b",
            "\r\n\r\n", "\r",
            "\r\r", "\r\n", "\r\n-", "-", "\r\n--a\r\n--", "Content-Disposition: form-data; name=x\r\n\r\n",
        ])
    func lookAlike(content: String) throws {
        let file = try BodyFile(formPart("a", content) + formPart("z", "end") + "--b--")
        #expect(try file.parts().map { Array(file.text($0).utf8) } == [Array(content.utf8), Array("end".utf8)])
    }

    @Test("an empty part may share its line break with the boundary (RFC 2046 §5.1.1)")
    func emptyWithoutLineBreak() throws {
        let disposition = "Content-Disposition: form-data; name="
        let file = try BodyFile("--b\r\n\(disposition)a\r\n\r\n--b\r\n\(disposition)c\r\n\r\n1\r\n--b--\r\n")
        #expect(try file.parts().map(\.name) == ["a", "c"])
        #expect(try file.parts().map(file.text) == ["", "1"])
    }

    @Test("a boundary is found wherever the window of 256 KiB ends", arguments: [1, 2])
    func window(windows: Int) throws {
        let size = windows * 262_144
        let file = try BodyFile()
        for count in (size - 24)...(size + 4) {
            let filling = String(repeating: "\r\n--", count: count / 4) + String(repeating: "-", count: count % 4)
            try file.replace(with: Array((formPart("a", filling) + formPart("c", "1") + "--b--").utf8))
            let parts = try file.parts()
            try #require(parts.map(\.name) == ["a", "c"])
            try #require(parts.map { $0.body.count } == [count, 1])
        }
    }

    @Test("an equal name and equal content are parts of their own")
    func duplicates() throws {
        let file = try BodyFile(String(repeating: formPart("a", fileName: "x", "same"), count: 3) + "--b--")
        let parts = try file.parts()
        #expect(parts.map(file.text) == ["same", "same", "same"])
        #expect(Set(parts.map(\.body)).count == 3)
    }

    @Test("refuses a body that ends before its closing boundary, wherever it ends")
    func truncated() throws {
        let bytes = Array(Self.form.utf8)
        let file = try BodyFile(bytes)
        for length in 0..<(bytes.count - 2) {
            let error = try #require(throws: HTTPError.self) { try file.parts(size: length) }
            try #require(error.kind == .invalidRequest && error.field == "body")
        }
        for length in (bytes.count - 2)...bytes.count { #expect(try file.parts(size: length).count == 4) }
    }

    @Test("refuses a body shorter than its size says")
    func shorterThanAnnounced() throws {
        let file = try BodyFile(formPart("a", "1"))
        let error = try #require(throws: HTTPError.self) { try file.parts(size: 1000) }
        #expect(error == .badRequest("body", "can't be read"))
    }
}
