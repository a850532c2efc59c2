import MediaCore
import Testing

struct OutsideURLTests {
    @Test(
        "URLs that a file may have",
        arguments: [
            "https://a.example", "http://a.example:8080/b%20c?d=e&f=g#h", "HTTPS://[2001:db8::1]/", "https://a/@b",
            "https://a/?b[]=c", "https://a:65535", "https://xn--bcher-kva.example/~a/;b=1,2!$'()*+",
        ])
    func good(url: String) {
        #expect(OutsideURL.fault(in: url) == nil)
    }

    @Test("URLs that no file has")
    func bad() {
        let faults: [String: String] = [
            "": "start with", "ftp://a/": "start with", "javascript:alert(1)": "start with", "/m/x": "start with",
            "https://": "host", "https:///a": "host", "https://:443/": "host", "https://?a": "host",
            "https://u@a/": "user", "https://u:p@a/": "user", "https://a/ b": "percent",
            "https://a/\r\nX: y": "percent",
            "https://a/é": "percent", "https://a/<b>": "percent", "https://a/\"": "percent",
            "https://a\\@b/": "percent",
            "https://a/%zz": "percent", "https://a/%2": "percent", "https://[::1/x": "port", "https://[]/": "port",
            "https://e:abc/": "port", "https://e:123456/": "port", "https://[::1]x/": "port", "https://a[b/": "port",
            "https://a]/": "port",
            "https://a/" + String(repeating: "a", count: 2048): "2048",
        ]
        for (url, reason) in faults { #expect(OutsideURL.fault(in: url)?.contains(reason) == true, "\(url)") }
    }
}
