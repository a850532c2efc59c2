import MediaService
import Testing

struct SettingFormTests {
    @Test(
        "bytes with and without units",
        arguments: [("0", 0), ("17", 17), ("1K", 1024), ("5G", 5 << 30), ("2T", 2 << 40), ("1M", 1 << 20)]
            as [(String, Int64)])
    func bytes(text: String, value: Int64) {
        #expect(SettingForm.bytes(0...1 << 50).number(text) == value)
    }

    @Test(
        "what is no number of bytes",
        arguments: [
            "", " ", "K", "-1", "+", "1k", "1 K", "1KB", "1.5G", "0x10", "１", "9999999999999999999",
            "9223372036854775807T",
        ])
    func noBytes(text: String) {
        #expect(SettingForm.bytes(0...1 << 50).number(text) == nil)
        #expect(!SettingForm.bytes(0...1 << 50).accepts(text))
    }

    @Test(
        "seconds with and without units",
        arguments: [("1", 1), ("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604_800)] as [(String, Int64)])
    func seconds(text: String, value: Int64) {
        #expect(SettingForm.seconds(1...604_800).number(text) == value)
    }

    @Test("limits hold at both ends", arguments: [("0", false), ("1", true), ("10", true), ("11", false)])
    func range(text: String, isAccepted: Bool) {
        #expect(SettingForm.integer(1...10).accepts(text) == isAccepted)
        #expect(SettingForm.seconds(1...10).accepts(text) == isAccepted)
        #expect(SettingForm.bytes(1...10).accepts(text) == isAccepted)
    }

    @Test(
        "URLs",
        arguments: [
            ("http://localhost:8080", true), ("https://media.example.org", true), ("https://a/b", true),
            ("https://a/", false), ("ftp://a", false), ("https://", false), ("localhost", false), ("http://a b", false),
            ("http://a\"b", false), ("http://ü", false),
        ])
    func url(text: String, isAccepted: Bool) {
        #expect(SettingForm.url.accepts(text) == isAccepted)
    }

    @Test(
        "paths, words and types",
        arguments: [
            (.path, "/a", true), (.path, "a", false), (.path, "/a\nb", false), (.path, "/a\"b", false),
            (.choice(["off", "on"]), "on", true), (.choice(["off", "on"]), "ON", false), (.text, "x", true),
            (.text, "", false), (.text, "a\u{1}", false), (.types, "IMAGE,text/html", true), (.types, "PICTURE", false),
            (.presets, "a=640,b=9x9:cover:smart", true), (.presets, "a=640,a=320", false),
            (.presets, "poster=640", false),
            (.presets, "240p=640", false), (.presets, "x-a=640", false), (.profiles, "p=a+b,q=a", true),
            (.profiles, "none=a", false), (.profiles, "p", false), (.words(["aac", "mp3"]), "mp3,aac", true),
            (.words(["aac"]), "aac,flac", false),
            (.nameServers, "192.0.2.1,[::1]:53,::1,127.0.0.1:5353", true), (.nameServers, "192.0.2.0/24", false),
            (.nameServers, "a:53", false), (.nameServers, "127.0.0.1:0", false), (.nameServers, "[::1]", false),
            (.networks, "192.0.2.0/24,::1", true), (.networks, "192.0.2.1/24", false), (.networks, "a,", false),
            (.fieldName, "CF-Connecting-IP", true), (.fieldName, "X Real", false), (.fieldName, "X;", false),
        ] as [(SettingForm, String, Bool)])
    func others(form: SettingForm, text: String, isAccepted: Bool) {
        #expect(form.accepts(text) == isAccepted)
    }

    @Test("forms describe themselves")
    func descriptions() {
        #expect(SettingForm.integer(1...5).description == "a whole number from 1 to 5")
        #expect(SettingForm.bytes(0...1 << 40).description == "bytes, also with K, M, G or T, from 0 to 1T")
        #expect(SettingForm.seconds(1...60).description == "seconds, also with s, m, h or d, from 1 to 60")
        #expect(SettingForm.choice(["a", "b"]).description == "a, b")
    }
}
