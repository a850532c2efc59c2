import HTTPTypes
import MediaHTTP
import Testing

struct ParameterizedHeaderTests {
    @Test(
        "the value is in lower case and without spaces around it",
        arguments: [
            ("form-data", "form-data"), (" Form-DATA ; a=1", "form-data"), ("\tText/Plain", "text/plain"), ("", ""),
            (";a=1", ""), ("multipart/form-data;", "multipart/form-data"),
        ])
    func value(text: String, value: String) throws {
        #expect(try ParameterizedHeader(text, field: "x").value == value)
    }

    @Test(
        "reads a parameter, quoted or not",
        arguments: [
            ("v;a=1", "1"), ("v; a=1", "1"), ("v ;A= 1 ; b=2", "1"), ("v; a=\"1\"", "1"), ("v; a = \"1\" ;b=2", "1"),
            ("v;a=", ""), ("v;a=\"\"", ""), ("v;;a=1;", "1"), ("v;b=\"x;a=2\";a=1", "1"), ("v;a=b=c", "b=c"),
            ("v;a=x y", "x y"), ("v;a=\";\"", ";"), ("v;a=\"x y \"", "x y "), ("v;a=\u{E9}\u{5B66}", "é学"),
        ])
    func parameter(text: String, value: String) throws {
        #expect(try ParameterizedHeader(text, field: "x")["a"] == value)
    }

    @Test(
        "a backslash escapes quotation marks and itself, and stays where it does neither",
        arguments: [
            (#"v;a="x\"y""#, #"x"y"#), (#"v;a="x\\""#, #"x\"#), (#"v;a="C:\dir\file""#, #"C:\dir\file"#),
            (#"v;a="\\\"""#, #"\""#), (#"v;a=x\"y"#, #"x\"y"#),
        ])
    func escapes(text: String, value: String) throws {
        #expect(try ParameterizedHeader(text, field: "x")["a"] == value)
    }

    @Test(
        "structure is bytes: a mark that combines with a quotation mark or semicolon, or looks like one, hides nothing",
        arguments: [
            ("v;a=\"\u{301}x\"", "\u{301}x"), ("v;a=\"\u{200D}x\"", "\u{200D}x"),
            ("v;a=\"x\\\"\u{301}\"", "x\"\u{301}"),
            ("v;a=x\u{37E}b=1", "x\u{37E}b=1"), ("v;a=\"x\";\u{301}b=1", "x"), ("v;a=\u{338}", "\u{338}"),
        ])
    func combining(text: String, value: String) throws {
        let parsed = try #require(try ParameterizedHeader(text, field: "x")["a"])
        #expect(Array(parsed.utf8) == Array(value.utf8))
    }

    @Test("what isn't there is nil")
    func absent() throws {
        #expect(try ParameterizedHeader("v; a=1", field: "x")["b"] == nil)
        #expect(try ParameterizedHeader("v", field: "x").fileName(field: "x") == nil)
    }

    @Test(
        "refuses what is no parameter",
        arguments: [
            ("v;a=\"x", "the quotes of 'a' aren't closed"), (#"v;a="x\""#, "the quotes of 'a' aren't closed"),
            ("v;a=\"", "the quotes of 'a' aren't closed"), ("v;a=\"x\"y", "text behind the quotes of 'a'"),
            ("v;a=\"x\"\"y\"", "text behind the quotes of 'a'"),
            ("v;a=\"x\"\u{301};b=1", "text behind the quotes of 'a'"),
            ("v;a=1;a=1", "parameter 'a' stands twice"), ("v;a=1;A=\"2\"", "parameter 'a' stands twice"),
            ("v;a", "parameter 'a' has no value"), ("v; a ;b=1", "parameter 'a' has no value"),
        ])
    func refuses(text: String, reason: String) throws {
        let error = try #require(throws: HTTPError.self) { try ParameterizedHeader(text, field: "f") }
        #expect(error == .badRequest("f", reason))
    }

    @Test(
        "a file's name, with the escapes that browsers use",
        arguments: [
            ("filename=a.jpg", "a.jpg"), ("filename=\"a b.jpg\"", "a b.jpg"), ("filename=\"\"", ""),
            ("filename=\"a%22b\"", "a\"b"), ("filename=\"a%0D%0Ab%0d%0a\"", "a\r\nb\r\n"),
            ("filename=\"100%\"", "100%"),
            ("filename=\"%41%2\"", "%41%2"), ("filename=\"%%22\"", "%\""), ("filename=\"%2522\"", "%2522"),
            ("filename=\"é学.png\"", "é学.png"), ("filename=\"%22\u{301}a\"", "\"\u{301}a"),
        ])
    func fileName(parameters: String, name: String) throws {
        let header = try ParameterizedHeader("form-data; \(parameters)", field: "x")
        let parsed = try #require(try header.fileName(field: "x"))
        #expect(Array(parsed.utf8) == Array(name.utf8))
    }

    @Test(
        "the extended form goes before the plain one (RFC 8187)",
        arguments: [
            ("filename*=UTF-8''%e2%82%ac%20rates", "€ rates"), ("filename=\"EURO\"; filename*=utf-8''%e2%82%ac", "€"),
            ("filename*=utf-8'en'%C2%A3; filename=x", "£"), ("filename*=UTF-8''a'b", "a'b"), ("filename*=UTF-8''", ""),
            ("filename*=UTF-8''a+b%2522", "a+b%22"),
        ])
    func extended(parameters: String, name: String) throws {
        #expect(try ParameterizedHeader("attachment; \(parameters)", field: "x").fileName(field: "x") == name)
    }

    @Test(
        "refuses an extended form that isn't one",
        arguments: [
            "ISO-8859-1''%A3", "UTF-8''%FF", "UTF-8''%", "UTF-8''%4", "UTF-8'a", "a", "", "''a", "UTF-8''%C3",
        ])
    func badExtended(value: String) throws {
        let header = try ParameterizedHeader("form-data; filename=a; filename*=\(value)", field: "x")
        let error = try #require(throws: HTTPError.self) { try header.fileName(field: "f") }
        #expect(error.kind == .invalidRequest)
        #expect(error.field == "f")
    }
}
