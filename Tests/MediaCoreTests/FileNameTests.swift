import MediaCore
import Testing

struct FileNameTests {
    @Test(
        "takes names of any language",
        arguments: [
            "a", "photo.jpg", ".htaccess", "...", "a b (1).pdf", "Übung 3.docx", "学习.mp4", "שלום.txt",
            "100% \"ok\".png",
            "CON", "-rf", String(repeating: "é", count: 255),
        ])
    func accepts(name: String) {
        #expect(FileName.fault(in: name) == nil)
    }

    @Test(
        "says what is wrong with a name",
        arguments: [
            ("", "must not be empty"), (".", "must not be a folder's name"), ("..", "must not be a folder's name"),
            ("a/b", "must not contain path characters ('/' or '\\')"),
            ("/", "must not contain path characters ('/' or '\\')"),
            ("..\\a", "must not contain path characters ('/' or '\\')"),
            ("/\u{301}", "must not contain path characters ('/' or '\\')"),
            ("a\0.jpg", "must not contain NUL"), ("a\r\n.jpg", "must not contain control characters"),
            ("a\u{85}b", "must not contain control characters"),
            ("evil\u{202E}gpj.exe", "must not contain bidirectional control characters"),
            (String(repeating: "a", count: 256), "must not be longer than 255 characters"),
            (String(repeating: "e\u{301}", count: 128), "must not be longer than 255 characters"),
        ])
    func faults(name: String, fault: String) {
        #expect(FileName.fault(in: name) == fault)
    }

    @Test(
        "splits at the last dot",
        arguments: [
            ("a.jpg", "a", "jpg"), ("a.tar.GZ", "a.tar", "gz"), ("A.B", "A", "b"), ("a", "a", nil), ("", "", nil),
            (".profile", ".profile", nil), ("a.", "a.", nil), ("..", "..", nil), ("..a", ".", "a"), (".a.b", ".a", "b"),
            ("ü.ÄÖ", "ü", "äö"),
        ] as [(String, String, String?)])
    func split(name: String, stem: String, ending: String?) {
        #expect(FileName.split(name) == (stem, ending))
    }

    @Test(
        "makes a public name that says what the file is called and what it is",
        arguments: [
            ("photo.JPEG", "photo.jpg"), ("photo", "photo.jpg"), ("evil.html", "evil.jpg"),
            ("evil.php.png", "evil-php.jpg"),
            (".htaccess", "htaccess.jpg"), ("a.", "a.jpg"), ("My  photo (1).png", "My-photo-1.jpg"),
            ("a_b-c.x", "a_b-c.jpg"),
            ("../../etc/passwd.x", "etc-passwd.jpg"), ("Übung 学习.x", "Übung-学习.jpg"), ("e\u{301}.x", "e\u{301}.jpg"),
            ("हिन्दी.x", "हिन्दी.jpg"), ("٣Ⅳ.x", "٣Ⅳ.jpg"), ("", "file.jpg"), ("...", "file.jpg"), ("!?.png", "file.jpg"),
            ("😀.png", "file.jpg"), ("a😀b.png", "a-b.jpg"), ("<script>.png", "script.jpg"), ("a%2fb.png", "a-2fb.jpg"),
            ("a\"b'c;d&e?f#g.png", "a-b-c-d-e-f-g.jpg"), ("a\u{202E}b\0c.png", "a-b-c.jpg"), ("²½.png", "file.jpg"),
        ])
    func publicName(originalName: String, name: String) {
        #expect(FileName.publicName(originalName: originalName, extension: "jpg") == name)
    }

    @Test(
        "cuts a public name at 120 bytes, between characters and never behind a dash of its own making",
        arguments: [
            (String(repeating: "a", count: 200), String(repeating: "a", count: 120)),
            (String(repeating: "é", count: 200), String(repeating: "é", count: 60)),
            (String(repeating: "学", count: 200), String(repeating: "学", count: 40)),
            ("a" + String(repeating: "é", count: 200), "a" + String(repeating: "é", count: 59)),
            (String(repeating: "a", count: 118) + " bc", String(repeating: "a", count: 118) + "-b"),
            (String(repeating: "a", count: 119) + " bc", String(repeating: "a", count: 119)),
        ])
    func length(stem: String, cut: String) {
        #expect(FileName.publicName(originalName: "\(stem).png", extension: "png") == "\(cut).png")
    }

    @Test("a public name made of any text is one plain path segment with the extension it should have")
    func anyText() throws {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<5000 {
            let original = generator.text(maxLength: 60)
            let name = FileName.publicName(originalName: original, extension: "bin")
            try #require(name.hasSuffix(".bin") && name.unicodeScalars.filter { $0 == "." }.count == 1)
            try #require(name.utf8.count <= 124 && name.utf8.count > 4)
            try #require(FileName.fault(in: name) == nil)
            try #require(!name.unicodeScalars.contains { " \"%?#&;<>'".unicodeScalars.contains($0) })
        }
    }
}
