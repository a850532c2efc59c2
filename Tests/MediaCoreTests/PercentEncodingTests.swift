import MediaCore
import Testing

struct PercentEncodingTests {
    @Test(
        "a path segment keeps unreserved characters only (RFC 3986 §2.3)",
        arguments: [
            ("", ""), ("AZaz09-._~", "AZaz09-._~"), ("a b", "a%20b"), ("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"),
            ("100%", "100%25"), ("a+b", "a%2Bb"), ("\"<>\\^`{|}", "%22%3C%3E%5C%5E%60%7B%7C%7D"),
            ("!$&'()*,;=:@", "%21%24%26%27%28%29%2A%2C%3B%3D%3A%40"), ("é", "%C3%A9"), ("€", "%E2%82%AC"),
            ("😀", "%F0%9F%98%80"), ("\r\n\0", "%0D%0A%00"), ("/0:9@AZ[`az{", "%2F0%3A9%40AZ%5B%60az%7B"),
        ])
    func pathSegment(text: String, encoded: String) {
        #expect(PercentEncoding.pathSegment(text) == encoded)
    }

    @Test(
        "an extended parameter keeps attr-char only (RFC 8187 §3.2.1)",
        arguments: [
            ("AZaz09", "AZaz09"), ("!#$&+-.^_`|~", "!#$&+-.^_`|~"), ("*'%", "%2A%27%25"),
            ("a b\"c\\", "a%20b%22c%5C"), ("()<>@,;:/[]?={}", "%28%29%3C%3E%40%2C%3B%3A%2F%5B%5D%3F%3D%7B%7D"),
            ("£ and € rates", "%C2%A3%20and%20%E2%82%AC%20rates"),
        ])
    func extendedParameter(text: String, encoded: String) {
        #expect(PercentEncoding.extendedParameter(text) == encoded)
    }

    @Test("any text comes back, and what stands between is plain")
    func roundTrip() throws {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<5000 {
            let text = generator.text(maxLength: 20)
            let segment = PercentEncoding.pathSegment(text)
            let parameter = PercentEncoding.extendedParameter(text)
            try #require(percentDecoded(segment) == Array(text.utf8))
            try #require(percentDecoded(parameter) == Array(text.utf8))
            try #require((segment + parameter).utf8.allSatisfy { (0x21...0x7E).contains($0) })
        }
    }
}
