import MediaCore
import Testing

struct IdempotencyKeyTests {
    @Test(
        "a key with quotes and without",
        arguments: [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            (#""8e03978e-40d5""#, "8e03978e-40d5"), ("!", "!"), ("~", "~"), (#"a"b"#, #"a"b"#), (#"a\b"#, #"a\b"#),
            (#""a\"b\\c""#, #"a"b\c"#), ("a,b;c", "a,b;c"),
            (String(repeating: "x", count: 255), String(repeating: "x", count: 255)),
            ("\"" + String(repeating: "x", count: 255) + "\"", String(repeating: "x", count: 255)),
        ])
    func good(field: String, key: String) {
        #expect(IdempotencyKey(field: field)?.text == key)
    }

    @Test(
        "what is no key",
        arguments: [
            "", "\"\"", "\"", "\"a", "a b", "\"a b\"", "\"a\"b", #""a"b""#, #""a\""#, #""a\b""#, "\"a\";x=1",
            #""a", "b""#, "ü", "\"ü\"", "a\u{7F}", "a\t", String(repeating: "x", count: 256),
        ])
    func bad(field: String) {
        #expect(IdempotencyKey(field: field) == nil)
    }
}
