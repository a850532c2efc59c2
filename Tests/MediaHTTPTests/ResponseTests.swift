import HTTPTypes
import Testing

@testable import MediaHTTP

struct ResponseTests {
    private static func text(_ response: Response, omitsBody: Bool = false) -> String {
        String(decoding: response.serialized(omitsBody: omitsBody), as: UTF8.self)
    }

    @Test("an answer without a body is a status and an empty line")
    func bare() {
        #expect(Self.text(Response(status: .noContent)) == "Status: 204 No Content\r\n\r\n")
        #expect(Self.text(Response(status: .notModified)) == "Status: 304 Not Modified\r\n\r\n")
    }

    @Test("a body follows its type and length")
    func body() {
        let response = Response(status: .created, contentType: "application/json", body: Array("{\"é\":1}".utf8))
        #expect(
            Self.text(response)
                == "Status: 201 Created\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"é\":1}")
    }

    @Test("the answer to HEAD tells the length and leaves the body out")
    func head() {
        let response = Response(status: .ok, contentType: "text/plain", body: Array("abc".utf8))
        #expect(
            Self.text(response, omitsBody: true)
                == "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n")
    }

    @Test("a body without a type has a length, a type without a body the length 0")
    func halves() {
        #expect(Self.text(Response(status: .ok, body: [0x61])) == "Status: 200 OK\r\nContent-Length: 1\r\n\r\na")
        #expect(
            Self.text(Response(status: .ok, contentType: "text/plain", body: []))
                == "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n")
    }

    @Test("fields go out in the order in which they were last set, each once")
    func fields() {
        var response = Response(status: .seeOther)
        response.fields[.location] = "/m/é"
        response.fields[.retryAfter] = "1"
        response.fields[.xAccelRedirect] = "/private/x"
        response.fields[.location] = "/m/ü"
        response.fields[.retryAfter] = nil
        #expect(response.fields[.location] == "/m/ü" && !response.fields.contains(.retryAfter))
        #expect(
            Self.text(response) == "Status: 303 See Other\r\nX-Accel-Redirect: /private/x\r\nLocation: /m/ü\r\n\r\n")
    }

    @Test(
        "a value can't begin another field or the body",
        arguments: ["a\r\nX: 1", "a\nX: 1", "a\rX: 1", "a\r\n\r\nb", "\0"])
    func injection(value: String) {
        var response = Response(status: .ok)
        response.fields[.location] = value
        let written = Self.text(response)
        #expect(written.hasPrefix("Status: 200 OK\r\nLocation: "))
        #expect(written.hasSuffix("\r\n\r\n"))
        let inside = written.dropFirst("Status: 200 OK\r\n".count).dropLast("\r\n\r\n".count)
        #expect(!inside.utf8.contains { [0x0D, 0x0A, 0x00].contains($0) })
    }

    @Test("bytes go out as they are")
    func binary() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Response(status: .ok, body: bytes).serialized(omitsBody: false).suffix(256) == bytes[...])
    }

    @Test(
        "the reason is the registered one, whatever the status brings along",
        arguments: [
            (.init(code: 401, reasonPhrase: "Gone"), "401 Unauthorized"), (.init(code: 299), "299 "),
            (.init(code: 499, reasonPhrase: "X"), "499 "), (.unprocessableContent, "422 Unprocessable Content"),
        ] as [(HTTPResponse.Status, String)])
    func reason(status: HTTPResponse.Status, line: String) {
        #expect(Self.text(Response(status: status)) == "Status: \(line)\r\n\r\n")
    }
}
