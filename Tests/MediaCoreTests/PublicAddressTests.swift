import MediaCore
import Testing

struct PublicAddressTests {
    @Test(
        "addresses on the public Internet",
        arguments: [
            "8.8.8.8", "1.1.1.1", "172.15.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
        ])
    func open(_ address: String) { #expect(PublicAddress.contains(address)) }

    @Test(
        "addresses of this host, of its network, of a special purpose, and none at all",
        arguments: [
            "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
            "172.31.255.255", "192.168.1.1", "198.18.0.1", "203.0.113.5", "224.0.0.1", "255.255.255.255", "::", "::1",
            "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd12::1", "fe80::1",
            "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "100::1", "", "example.org", "fe80::1%eth0",
        ])
    func closed(_ address: String) { #expect(!PublicAddress.contains(address)) }
}
