import MediaCore
import Testing

struct SignedLinkTests {
    private static func link(
        variant: String? = nil, name: String? = nil, network: String? = nil, counted: Bool = false
    ) throws -> SignedLink {
        SignedLink(
            mediaID: try #require(MediaID("c0mbi1v2e0123456789abcdef")), expiresAt: 1_800_000_000, keyID: "k0k0k0k0",
            linkID: try #require(LinkID("0123456789abcdefghij")), variant: variant, network: network,
            downloadName: name,
            isCounted: counted)
    }

    private static let signature = [UInt8](repeating: 0xA5, count: 32)

    /// The values of a path's query.
    private static func parameters(_ path: String) -> [String: String] {
        let pairs = path.drop { $0 != "?" }.dropFirst().split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(decoding: percentDecoded(parts[1]), as: UTF8.self))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test("a link comes back from its URL as it was")
    func roundTrip() throws {
        for link in [
            try Self.link(), try Self.link(name: "Übung & Lösung = 100 %.pdf"), try Self.link(network: "2001:db8::/32"),
            try Self.link(name: "a", network: "192.0.2.7", counted: true), try Self.link(variant: "640x480:cover:q70"),
        ] {
            let path = link.path(signature: Self.signature)
            #expect(path.hasPrefix("/m/c0mbi1v2e0123456789abcdef?e=1800000000&k=k0k0k0k0&l=0123456789abcdefghij"))
            let values = Self.parameters(path)
            #expect(Set(values.keys).isSubset(of: SignedLink.parameterNames))
            let parsed = try #require(SignedLink.parse(mediaID: link.mediaID) { values[$0] })
            #expect(parsed.link == link && parsed.signature == Self.signature)
        }
    }

    @Test("the signature covers every part, and no two links have the same text")
    func message() throws {
        let links = [
            try Self.link(), try Self.link(name: "a"), try Self.link(network: "192.0.2.7"),
            try Self.link(counted: true),
            try Self.link(name: "counted"), try Self.link(name: "192.0.2.7"), try Self.link(variant: "small"),
            try Self.link(variant: "counted"),
        ]
        var messages = links.map { $0.message(epoch: 0) }
        messages.append(links[0].message(epoch: 1))
        var other = links[0]
        other.expiresAt += 1
        messages.append(other.message(epoch: 0))
        other = links[0]
        other.keyID = "k0k0k0k1"
        messages.append(other.message(epoch: 0))
        other = links[0]
        other.linkID = LinkID(expiresAt: 1, [UInt8](repeating: 1, count: 9))
        messages.append(other.message(epoch: 0))
        #expect(Set(messages).count == messages.count)
    }

    @Test(
        "what hasn't the form of a link",
        arguments: [
            ["e": nil], ["e": ""], ["e": "0"], ["e": "-1"], ["e": "01800000000"], ["e": "+1"], ["e": "1e9"],
            ["e": "99999999999999999999"], ["k": nil], ["k": "short"], ["k": "K0K0K0K0"], ["l": nil], ["l": "x"],
            ["l": "0123456789abcdefghiz"], ["s": nil], ["s": "AAAA"], ["s": "!"], ["n": "here"], ["n": "10.0.0.1/8"],
            ["n": ""], ["d": ""], ["d": "a/b"], ["d": "a\r\nb"], ["u": "0"], ["u": "2"], ["u": ""],
        ] as [[String: String?]])
    func noLink(change: [String: String?]) throws {
        let link = try Self.link()
        var values: [String: String?] = Self.parameters(link.path(signature: Self.signature))
        values.merge(change) { $1 }
        #expect(SignedLink.parse(mediaID: link.mediaID) { values[$0] ?? nil } == nil)
    }

    @Test("the end is rounded up to a window, so that who asks again soon gets the same")
    func expiry() {
        func end(_ seconds: Double, _ lifetime: Int, _ window: Int) -> Int64 {
            SignedLink.expiry(
                now: Timestamp(milliseconds: Int64(seconds * 1000)), lifetime: lifetime, maxWindow: window)
        }
        #expect(end(1000, 3600, 300) == 4800 && end(1199.9, 3600, 300) == 4800 && end(1200.1, 3600, 300) == 5100)
        // At most a tenth of the life, and at least a second.
        #expect(end(1000, 100, 300) == 1100 && end(1000.5, 100, 300) == 1110)
        #expect(end(1000, 1, 300) == 1001 && end(1000.001, 1, 300) == 1002)
        for lifetime in [1, 9, 10, 59, 3600, 604_800] {
            for second in stride(from: 0.0, to: 5000, by: 333.3) {
                let left = Double(end(second, lifetime, 300)) - second
                #expect(left >= Double(lifetime) && left <= Double(lifetime) * 1.1 + 2)
            }
        }
    }

    @Test("ids of links have one form")
    func linkID() throws {
        let (zero, full) = ([UInt8](repeating: 0, count: 9), [UInt8](repeating: 255, count: 32))
        #expect(LinkID(expiresAt: 0, zero).rawValue == String(repeating: "0", count: 20))
        #expect(LinkID(expiresAt: 1 << 35 - 1, full).rawValue == String(repeating: "v", count: 20))
        // They sort by their links' ends.
        #expect(LinkID(expiresAt: 1_795_758_383, full).rawValue < LinkID(expiresAt: 1_795_758_384, zero).rawValue)
        for text in [
            "", "0123456789abcdefghi", "0123456789abcdefghijk", "0123456789abcdefghiw", "0123456789ABCDEFGHIJ",
        ] {
            #expect(LinkID(text) == nil)
        }
        var random = SplitMix64(seed: 3)
        let key = LinkKeyID.random(using: &random)
        #expect(LinkKeyID.isValid(key) && !LinkKeyID.isValid(key + "0") && !LinkKeyID.isValid("ABCDEFGH"))
    }
}
