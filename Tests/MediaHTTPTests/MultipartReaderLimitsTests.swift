import HTTPTypes
import MediaHTTP
import Testing

struct MultipartReaderLimitsTests {
    @Test("takes as many parts as allowed and no more", arguments: [0, 1, 3])
    func parts(limit: Int) throws {
        let allowed = try BodyFile(String(repeating: formPart("a", "1"), count: limit) + "--b--")
        #expect(try allowed.parts(limits: .init(parts: limit)).count == limit)
        let tooMany = try BodyFile(String(repeating: formPart("a", "1"), count: limit + 1) + "--b--")
        let error = try #require(throws: HTTPError.self) { try tooMany.parts(limits: .init(parts: limit)) }
        #expect(error == .badRequest("body", "has more than \(limit) parts"))
    }

    @Test("takes header fields as long as allowed and no longer", arguments: [64, 8192])
    func headerBytes(limit: Int) throws {
        let disposition = "Content-Disposition: form-data; name="
        func body(_ headerBytes: Int) -> String {
            let name = String(repeating: "n", count: headerBytes - disposition.utf8.count)
            return "--b\r\n\(disposition)\(name)\r\n\r\n" + String(repeating: "x", count: 300) + "\r\n--b--"
        }
        let limits = MultipartReader.Limits(parts: 1, headerBytes: limit)
        #expect(try BodyFile(body(limit)).parts(limits: limits).map { $0.body.count } == [300])
        let error = try #require(throws: HTTPError.self) { try BodyFile(body(limit + 1)).parts(limits: limits) }
        #expect(error == .badRequest("body", "a part's header fields are longer than \(limit) bytes"))
    }

    @Test("refuses header fields without an end, however much follows")
    func endlessHeader() throws {
        let file = try BodyFile(
            "--b\r\nContent-Disposition: form-data; name=a\r\nX: " + String(repeating: "x", count: 100_000))
        let error = try #require(throws: HTTPError.self) { try file.parts() }
        #expect(error == .badRequest("body", "a part's header fields are longer than 8192 bytes"))
    }

    @Test("doesn't look for the first boundary for ever")
    func preamble() throws {
        let file = try BodyFile(String(repeating: "p", count: 400_000) + "\r\n" + formPart("a", "1") + "--b--")
        let error = try #require(throws: HTTPError.self) { try file.parts() }
        #expect(error.reason == "doesn't start with the boundary that Content-Type names")
    }

    @Test(
        "refuses what isn't the body that Content-Type announces",
        arguments: [
            ("", "doesn't start with the boundary that Content-Type names"),
            ("--", "doesn't start with the boundary that Content-Type names"),
            ("x--b--", "doesn't start with the boundary that Content-Type names"),
            ("\n--b--", "doesn't start with the boundary that Content-Type names"),
            ("--c\r\n\r\n--c--", "doesn't start with the boundary that Content-Type names"),
            ("--bx\r\n", "text behind a boundary"), ("--b x\r\n", "text behind a boundary"),
            ("--b\n\n", "text behind a boundary"), ("--b-x", "text behind a boundary"),
            (formPart("a", "1\r\n--b2\r\n2") + "--b--", "text behind a boundary"),
            ("--b", "is cut off"), ("--b ", "is cut off"), ("--b\r\n", "is cut off inside a part's header fields"),
            ("--b\r\n\r\n\r\n\r\n--b--", "part 1 has no Content-Disposition"),
            (formPart("a", "1") + "--b\r\nX: 1\r\n\r\n\r\n--b--", "part 2 has no Content-Disposition"),
        ])
    func refuses(body: String, reason: String) throws {
        let file = try BodyFile(body)
        let error = try #require(throws: HTTPError.self) { try file.parts() }
        #expect(error == .badRequest("body", reason))
    }

    @Test("refuses header fields that aren't UTF-8", arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) throws {
        let before = Array("--b\r\nContent-Disposition: form-data; name=a; filename=\"".utf8)
        let file = try BodyFile(before + bytes + Array("\"\r\n\r\n1\r\n--b--".utf8))
        let error = try #require(throws: HTTPError.self) { try file.parts() }
        #expect(error == .badRequest("body", "a part's header fields aren't UTF-8"))
    }

    @Test(
        "takes a boundary of 1 to 70 ASCII characters, quoted or not",
        arguments: [
            ("multipart/form-data; boundary=b", "b"),
            ("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:?\"", "a b:?"),
            (
                "multipart/form-data; boundary=\(String(repeating: "0", count: 70))",
                String(repeating: "0", count: 70)
            ),
            ("multipart/form-data; boundary=----WebKitFormBoundaryA", "----WebKitFormBoundaryA"),
        ])
    func boundary(contentType: String, boundary: String) throws {
        let body = "--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--\(boundary)--"
        let file = try BodyFile(body)
        #expect(try file.parts(contentType).map(file.text) == ["1"])
    }

    @Test(
        "refuses another boundary",
        arguments: [
            "", "; boundary=", "; boundary=\"\"", "; boundary=é", "; boundary=\"a\tb\"", "; boundary=\"a\u{7F}\"",
            "; boundary=b; boundary=b", "; boundary=\"b", "; boundary",
            "; boundary=\(String(repeating: "0", count: 71))",
        ])
    func badBoundary(parameters: String) throws {
        let file = try BodyFile("--b--")
        let error = try #require(throws: HTTPError.self) { try file.parts("multipart/form-data\(parameters)") }
        #expect(error.kind == .invalidRequest)
        #expect(error.field == "Content-Type")
    }

    @Test("white space behind a boundary is passed over, but not any amount of it")
    func padding() throws {
        #expect(try BodyFile("--b  \t \r\n" + formPart("a", "1").dropFirst(4) + "--b--").parts().count == 1)
        for count in [1023, 1 << 20] {
            let file = try BodyFile(
                "--b" + String(repeating: " ", count: count) + "\r\n" + formPart("a", "1").dropFirst(4) + "--b--")
            #expect(try #require(throws: HTTPError.self) { try file.parts() }.reason == "text behind a boundary")
        }
    }
}
