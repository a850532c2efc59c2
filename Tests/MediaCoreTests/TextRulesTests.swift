import MediaCore
import Testing

struct TextRulesTests {
    @Test(
        "takes texts of any language",
        arguments: [
            "a", "lesson-1", "Über uns", "学习", "שלום", "👩‍👩‍👧", "e\u{301}", "a b", "\u{202F}", "\u{2065}", "~\u{A0}",
        ])
    func accepts(text: String) {
        #expect(TextRules.fault(in: text, maxLength: 20) == nil)
    }

    @Test("refuses an empty text")
    func empty() {
        #expect(TextRules.fault(in: "", maxLength: 20) == "must not be empty")
    }

    @Test("counts characters as the database does: Unicode scalars, neither bytes nor what a reader sees as one")
    func length() {
        #expect(TextRules.fault(in: "äöü", maxLength: 3) == nil)
        #expect(TextRules.fault(in: "äöüß", maxLength: 3) == "must not be longer than 3 characters")
        #expect(TextRules.fault(in: "e\u{301}e\u{301}", maxLength: 3) == "must not be longer than 3 characters")
        #expect(TextRules.fault(in: "😀😀😀", maxLength: 3) == nil)
    }

    @Test("refuses NUL by name", arguments: ["\0", "a\0", "\0a"])
    func nul(text: String) {
        #expect(TextRules.fault(in: text, maxLength: 20) == "must not contain NUL")
    }

    @Test(
        "refuses control characters of both sets and inside a pair that reads as one",
        arguments: ["\u{01}", "a\nb", "a\r\nb", "\t", "\u{1F}", "\u{7F}", "\u{80}", "\u{9F}", "end\u{1B}"])
    func control(text: String) {
        #expect(TextRules.fault(in: text, maxLength: 20) == "must not contain control characters")
    }

    @Test(
        "refuses characters that turn the direction of what follows",
        arguments: Array(0x202A...0x202E as ClosedRange<UInt32>) + Array(0x2066...0x2069 as ClosedRange<UInt32>))
    func bidirectional(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(
            TextRules.fault(in: "a\(Character(scalar))b", maxLength: 20)
                == "must not contain bidirectional control characters")
    }

    @Test("names the first of several faults")
    func first() {
        #expect(
            TextRules.fault(in: "a\u{202E}\0", maxLength: 20) == "must not contain bidirectional control characters")
    }
}
