import HTTPTypes
import MediaHTTP
import Testing

struct QueryParametersTests {
    @Test(
        "reads percent-encoding, plus signs and empty values",
        arguments: [
            ("a=1", "1"), ("a=", ""), ("a", ""), ("b=2&a=1", "1"), ("&&a=1&", "1"), ("a=b=c", "b=c"),
            ("a=%26%3D", "&="),
            ("a=x+y%2B", "x y+"), ("%61=1", "1"), ("a=%C3%A9", "é"), ("a=é", "é"), ("a=/?:@", "/?:@"),
            ("a=\u{338}x", "\u{338}x"), ("b=\u{301}&\u{61}=1", "1"),
        ])
    func reads(query: String, value: String) throws {
        let parameters = try QueryParameters(query, allowed: ["a", "b"])
        #expect(try Array(#require(parameters["a"]).utf8) == Array(value.utf8))
    }

    @Test("what isn't there is nil", arguments: ["", "&", "b=1"])
    func absent(query: String) throws {
        #expect(try QueryParameters(query, allowed: ["a", "b"])["a"] == nil)
    }

    @Test(
        "refuses what it doesn't know and names what it knows",
        arguments: [("c=1", "c"), ("a=1&A=1", "A"), ("=1", ""), ("%00", "\0"), ("a%20=1", "a ")])
    func unknown(query: String, name: String) throws {
        let error = try #require(throws: HTTPError.self) { try QueryParameters(query, allowed: ["b", "a"]) }
        #expect(error == .badRequest(name, "unknown parameter; known here: a, b"))
    }

    @Test("where nothing is allowed, any name is unknown")
    func noneAllowed() throws {
        let error = try #require(throws: HTTPError.self) { try QueryParameters("x", allowed: []) }
        #expect(error == .badRequest("x", "unknown parameter"))
        #expect(throws: Never.self) { try QueryParameters("", allowed: []) }
    }

    @Test("cuts a long unknown name")
    func longName() throws {
        let name = String(repeating: "x", count: 5000)
        let error = try #require(throws: HTTPError.self) { try QueryParameters(name, allowed: ["a"]) }
        #expect(error.field?.count == 100)
    }

    @Test("refuses a name that stands twice", arguments: ["a=1&a=1", "a&b=1&a", "a=1&%61=2"])
    func repeated(query: String) throws {
        let error = try #require(throws: HTTPError.self) { try QueryParameters(query, allowed: ["a", "b"]) }
        #expect(error == .badRequest("a", "stands twice"))
    }

    @Test(
        "refuses what isn't percent-encoded UTF-8, in a name and in a value",
        arguments: [
            ("a=%", "a"), ("a=%FF", "a"), ("a=%C3", "a"), ("%=1", "query"), ("%FF=1", "query"), ("%zz", "query"),
        ])
    func notUTF8(query: String, field: String) throws {
        let error = try #require(throws: HTTPError.self) { try QueryParameters(query, allowed: ["a"]) }
        #expect(error.kind == .invalidRequest)
        #expect(error.field == field)
    }

    @Test("any number of pairs ends in an answer")
    func many() throws {
        let query = [String](repeating: "&", count: 2000).joined() + "a=1"
        #expect(try QueryParameters(query, allowed: ["a"])["a"] == "1")
        let names = (0..<1000).map { "n\($0)" }
        let parameters = try QueryParameters(names.map { "\($0)=\($0)" }.joined(separator: "&"), allowed: Set(names))
        #expect(names.allSatisfy { parameters[$0] == $0 })
    }
}
