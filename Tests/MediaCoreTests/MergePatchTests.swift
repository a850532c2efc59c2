import MediaCore
import Testing

struct MergePatchTests {
    @Test(
        "the examples of RFC 7396, appendix A",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
            (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func examples(original: String, patch: String, result: String) throws {
        let parsed = try [original, patch, result].map { try JSONParser.parse(Array($0.utf8)) }
        #expect(parsed[0].merged(with: parsed[1]) == parsed[2])
    }

    @Test(
        "depth counts what nests",
        arguments: [("1", 0), ("[]", 1), ("{}", 1), (#"{"a":[1,{"b":2}]}"#, 3), ("[[],[[]]]", 3)])
    func depth(text: String, depth: Int) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).depth == depth)
    }

    @Test("a patch of very many members takes as long as they are many, not as their square")
    func many() throws {
        let members = (0..<200_000).map { JSON.Member("m\($0)", .integer(Int64($0))) }
        let merged = JSON.object(members).merged(
            with: .object(members.dropLast().reversed().map { JSON.Member($0.name, .null) }))
        #expect(merged == .object(members.suffix(1)))
        let renamed = JSON.object(members).merged(with: .object(members.map { JSON.Member("n" + $0.name, $0.value) }))
        #expect(renamed.object?.count == 400_000 && renamed.object?.last?.name == "nm199999")
        // By bytes: these are two members to everybody else.
        let accents = try JSONParser.parse(Array("{\"\u{E9}\":1}".utf8)).merged(
            with: .object([.init("e\u{301}", .null)]))
        #expect(accents.object?.count == 1)
    }
}
