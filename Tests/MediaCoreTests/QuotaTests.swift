import MediaCore
import Testing

struct QuotaTests {
    @Test(
        "what is beyond is said with its numbers; what is just within isn't beyond",
        arguments: [
            (Quota(), Usage(bytes: .max, files: .max), nil), (Quota(bytes: 10), Usage(bytes: 10, files: 99), nil),
            (Quota(bytes: 10), Usage(bytes: 11, files: 0), "11 bytes, of which 10 are allowed"),
            (Quota(files: 2), Usage(bytes: 99, files: 2), nil),
            (Quota(files: 2), Usage(bytes: 99, files: 3), "3 files, of which 2 are allowed"),
            (Quota(bytes: 1, files: 1), Usage(bytes: 2, files: 2), "2 bytes, of which 1 are allowed"),
        ] as [(Quota, Usage, String?)])
    func excess(quota: Quota, usage: Usage, text: String?) {
        #expect(quota.excess(of: usage) == text)
    }

    @Test("uses add up and are taken back")
    func sums() {
        let usage = Usage(bytes: 5, files: 1)
        #expect(usage + -usage == Usage())
        #expect(usage.isGrowth && !(-usage).isGrowth && !Usage().isGrowth && Usage(bytes: -1, files: 1).isGrowth)
        #expect(!Quota().isLimited && Quota(files: 0).isLimited)
    }
}
