import MediaCore
import Testing

struct NetworkTests {
    @Test(
        "what lies inside and what doesn't",
        arguments: [
            ("192.0.2.0/24", "192.0.2.0", true), ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false), ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true), ("192.0.2.128/25", "192.0.2.127", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true), ("::1", "::1", true), ("::1", "0:0:0:0:0:0:0:1", true),
            // An IPv4 address that came over an IPv6 socket is still that address; the families are apart otherwise.
            ("192.0.2.0/24", "::ffff:192.0.2.9", true), ("192.0.2.0/24", "::ffff:c000:209", true),
            ("::/0", "192.0.2.1", false), ("0.0.0.0/0", "2001:db8::1", false),
            ("192.0.2.0/24", "", false), ("192.0.2.0/24", "unix:", false), ("192.0.2.0/24", "192.0.2.1/32", false),
        ])
    func contains(network: String, address: String, isInside: Bool) throws {
        #expect(try #require(Network(network)).contains(address) == isInside)
    }

    @Test(
        "what is no network",
        arguments: [
            "", "/", "/8", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/8", "10.0.0.0/33",
            "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.0/8/8", " 10.0.0.1", "a.b.c.d", "1.2.3.4:80", ":", ":::",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g", "2001:db8::1/32", "::/129", ":1::",
            "1::2:",
            "1.2.3.4::", "::1.2.3", "fe80::1%eth0", "localhost", "10.0.0.0/8\n", "٣.0.0.1",
        ])
    func refused(text: String) {
        #expect(Network(text) == nil)
    }
}
