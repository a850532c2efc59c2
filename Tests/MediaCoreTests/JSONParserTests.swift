import MediaCore
import Testing

struct JSONParserTests {
    @Test(
        "reads every kind of value",
        arguments: [
            ("null", .null), ("true", .bool(true)), ("false", .bool(false)), (" \t\r\n0 ", .integer(0)),
            ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .decimal("9223372036854775808")),
            ("1.5", .decimal("1.5")), ("1.0", .decimal("1.0")), ("1e2", .decimal("1e2")), ("1E+2", .decimal("1E+2")),
            ("-0", .decimal("-0")), ("123456789012345678901234567890", .decimal("123456789012345678901234567890")),
            ("-2.5e-1", .decimal("-2.5e-1")), ("0e0", .decimal("0e0")), ("\"\"", .string("")), ("[]", .array([])),
            ("[ 1 , [ ] ]", .array([.integer(1), .array([])])), ("{ }", .object([])),
            (
                "{\"b\" : 1, \"a\" : {\"c\":null}}",
                .object([.init("b", .integer(1)), .init("a", .object([.init("c", .null)]))])
            ),
        ] as [(String, JSON)])
    func value(text: String, expected: JSON) throws {
        #expect(try JSONParser.parse(Array(text.utf8)) == expected)
    }

    @Test(
        "reads escapes and raw text in strings",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9\u20ac""#, "Aéé€"),
            (#""\ud83d\ude00""#, "😀"), (#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"),
            ("\"é😀\u{7F}\"", "é😀\u{7F}"),
            (#""\u0000""#, "\0"), (#""\ud7ff\ue000\uffff""#, "\u{D7FF}\u{E000}\u{FFFF}"), (#""\\u0041""#, "\\u0041"),
        ])
    func string(text: String, expected: String) throws {
        let string = try #require(try JSONParser.parse(Array(text.utf8)).string)
        #expect(Array(string.utf8) == Array(expected.utf8))
    }

    @Test(
        "refuses what RFC 8259 doesn't have",
        arguments: [
            "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "00", "1.", ".5", "1.e1", "1e",
            "1e+", "0x10", "1_000", "1e400", "-1e400", "'a'", "\"", "\"a", "\"\\", "\"\\\"", #""\x41""#, #""\u""#,
            #""\u12"#, #""\u123g""#, #""\u+123""#, "\"a\nb\"", "\"\u{1F}\"", "\"\0\"", "[", "[1", "[1,", "[1,]", "[,1]",
            "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{,}",
            "{\"a\" 1}", "{\"a\":}", "[}", "{]", "1 1", "{}{}", "[] x", "// a\n1", "/**/1", "\u{FEFF}1", "1\u{A0}",
            "1\0",
        ])
    func refuses(text: String) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test(
        "refuses half of a surrogate pair",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\udfff""#, #""\ud800\ud800""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\u""#,
            #""\udc00\ud800""#, #""\ud800\ue000""#, #""\ud800"#, #""\ud800\"#,
        ])
    func surrogates(text: String) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test(
        "refuses bytes that aren't UTF-8",
        arguments: [[0x80], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF, 0xFE]]
            as [[UInt8]])
    func notUTF8(bytes: [UInt8]) throws {
        let quote = UInt8(ascii: "\"")
        let failure = try #require(throws: JSONParser.Failure.self) { try JSONParser.parse([quote] + bytes + [quote]) }
        #expect(failure.reason == "not valid UTF-8")
    }

    @Test(
        "says where the fault is, in bytes",
        arguments: [
            ("[1,x]", 3), ("  ?", 2), ("[1", 2), ("{\"é\":?}", 6), ("{\"a\":1]", 6), ("null x", 5), ("[tru]", 1),
        ])
    func offset(text: String, offset: Int) throws {
        let failure = try #require(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
        #expect(failure.offset == offset)
    }

    @Test(
        "refuses a repeated member, written with escapes too, at any depth",
        arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"[{"x":{"":1,"":1}}]"#])
    func repeated(text: String) throws {
        let failure = try #require(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
        #expect(failure.reason.contains("stands twice"))
    }

    @Test("members of different objects may share a name, and case counts")
    func notRepeated() throws {
        let value = try JSONParser.parse(Array(#"{"a":{"a":1},"A":[{"a":2},{"a":3}]}"#.utf8))
        #expect(value["a"]?["a"]?.integer == 1)
        #expect(value["A"]?.array?.map { $0["a"]?.integer } == [2, 3])
    }

    @Test("names that only look alike are two names (RFC 8259 §8.3 compares code units)")
    func canonicallyEquivalentNames() throws {
        let value = try JSONParser.parse(Array(#"{"\u00e9":1,"e\u0301":2}"#.utf8))
        #expect(value.object?.map(\.value) == [.integer(1), .integer(2)])
        #expect(value["e\u{301}"]?.integer == 2)
    }

    @Test("nests as deep as allowed and no deeper, side by side any number of times", arguments: [0, 1, 2, 32])
    func depth(maxDepth: Int) throws {
        func nested(_ levels: Int) -> [UInt8] {
            var text = "1"
            for level in 0..<levels { text = level.isMultiple(of: 2) ? "[\(text)]" : "{\"a\":\(text)}" }
            return Array(text.utf8)
        }
        #expect(throws: Never.self) { try JSONParser.parse(nested(maxDepth), maxDepth: maxDepth) }
        let failure = try #require(throws: JSONParser.Failure.self) {
            try JSONParser.parse(nested(maxDepth + 1), maxDepth: maxDepth)
        }
        #expect(failure.reason == "nested deeper than \(maxDepth) levels")
        let wide = Array("[\([String](repeating: "[{}]", count: 100).joined(separator: ","))]".utf8)
        #expect(throws: Never.self) { try JSONParser.parse(wide, maxDepth: 3) }
    }

    @Test("a very deep text is refused by default and doesn't use up the stack", arguments: ["[", "{\"a\":"])
    func veryDeep(opening: String) {
        let bytes = Array(String(repeating: opening, count: 200_000).utf8)
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(bytes) }
    }

    @Test(
        "asked to, it keeps an array of bytes as such, where it is an object's data",
        arguments: [
            ("[1,2,255]", [1, 2, 255]), (" [ 0 ,\n9, 10 ] ", [0, 9, 10]), ("[7]", [7]), ("[]", nil), ("[256]", nil),
            ("[-1]", nil), ("[1.0]", nil), ("[1e1]", nil), ("[\"1\"]", nil), ("[1,[2]]", nil), ("[1000]", nil),
            ("\"a\"", nil), ("{}", nil), ("null", nil),
        ] as [(String, [UInt8]?)])
    func bytes(text: String, expected: [UInt8]?) throws {
        let object = Array("{\"type\":\"Buffer\",\"data\":\(text),\"other\":\(text)}".utf8)
        let value = try JSONParser.parse(object, keepsBytes: true)
        let plain = try JSONParser.parse(object)
        #expect(value["data"] == expected.map(JSON.bytes) ?? plain["data"])
        #expect(value["other"] == plain["other"] && value.text == plain.text)
    }

    @Test(
        "what is no JSON array of bytes is no JSON with and without", arguments: ["[01]", "[1", "[1,", "[1,]", "[1 2]"])
    func noBytes(text: String) {
        #expect(throws: JSONParser.Failure.self) {
            try JSONParser.parse(Array("{\"data\":\(text)}".utf8), keepsBytes: true)
        }
    }

    @Test("a long array of bytes arrives whole")
    func longBytes() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let text = Array("{\"data\":[\(bytes.map(String.init).joined(separator: ","))]}".utf8)
        #expect(try JSONParser.parse(text, keepsBytes: true)["data"] == .bytes(bytes))
    }
}
