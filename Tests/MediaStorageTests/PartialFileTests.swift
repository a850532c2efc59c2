import MediaCore
import MediaStorage
import Testing

struct PartialFileTests {
    private let store: TemporaryStore
    private let id: MediaID

    init() throws {
        store = try TemporaryStore()
        id = try #require(MediaID("cjld2cjxh0000qzrmn831i7rn"))
    }

    @Test("of a file that was open when its host went down, what was made durable counts, and no byte more")
    func durable() throws {
        let boot = [UInt8](repeating: 1, count: 16)
        let next = [UInt8](repeating: 2, count: 16)
        let file = try store.storage.createPartial(id)
        try [UInt8]("abc".utf8).withUnsafeBytes { try file.append($0) }
        // Nothing is known of it yet, also not by this boot: it may have been made before.
        #expect(try file.durableSize(boot: boot) == 0)
        try file.sync()
        try file.noteDurable(3, boot: boot)
        try [UInt8]("de".utf8).withUnsafeBytes { try file.append($0) }
        #expect(try file.durableSize(boot: boot) == 5)
        #expect(try file.durableSize(boot: next) == 3)
        // What is cut is cut off of what is known.
        let short = try store.storage.shortenPartial(id, to: 2)
        #expect(try short.size() == 2)
        #expect(try short.durableSize(boot: next) == 0)
        try short.sync()
        try short.noteDurable(2, boot: next)
        #expect(try #require(try store.storage.openPartial(id)).durableSize(boot: boot) == 2)
    }
}
