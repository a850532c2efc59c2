/// Which IP addresses belong to hosts on the public Internet, and not to this host, its network or a special purpose (RFC 6890 and
/// IANA's registries of special-purpose addresses).
package enum PublicAddress {
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3",
        // In what IPv6 has for hosts: tunnels that lead to addresses of IPv4, and examples.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].compactMap { Network($0) }

    /// All that is given out of IPv6 so far.
    private static let global = Network("2000::/3")
    private static let everyIPv4 = Network("0.0.0.0/0")

    /// - Parameter text: an address; false for what is none.
    package static func contains(_ text: String) -> Bool {
        guard everyIPv4?.contains(text) == true || global?.contains(text) == true else { return false }
        return !special.contains { $0.contains(text) }
    }
}
