import Foundation
import MediaCore
import MediaStorage
import Testing

@Suite struct LocalStorageTests {
    private let store: TemporaryStore
    private var storage: LocalStorage { store.storage }
    // printf hello | sha256sum
    private let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    private let id = MediaID("c0123456789abcdefghijklmn")

    init() throws {
        store = try TemporaryStore()
    }

    private func staged(_ text: String, as name: String) throws -> StagedFile {
        try storage.adopt(incomingFile: store.incoming(Array(text.utf8), name: "body-\(name)"), as: name)
    }

    @Test("a body is taken over without a copy and survives nginx removing its name")
    func adopt() throws {
        let path = try store.incoming(Array("hello".utf8))
        let file = try storage.adopt(incomingFile: path, as: "a")
        try FileManager.default.removeItem(atPath: path)
        #expect(file.size == 5)
        #expect(try file.digest().sha256 == hello)
        #expect(try store.files() == ["staging/a"])
    }

    @Test(
        "only what lies in incoming/ can be taken over",
        arguments: ["/etc/passwd", "incoming/x", "ROOT/objects/x", "ROOT/incoming/../objects/x"])
    func adoptElsewhere(path: String) throws {
        let path = path.replacing("ROOT", with: storage.root)
        #expect(throws: StorageError.self) { try storage.adopt(incomingFile: path, as: "a") }
        #expect(try store.files().isEmpty)
    }

    @Test("a staged file's name goes with it")
    func staging() throws {
        var file: StagedFile? = try staged("hello", as: "a")
        #expect(file != nil)
        file = nil
        #expect(try store.files() == ["incoming/body-a"])
    }

    @Test("a part of a body is copied byte for byte")
    func stageRange() throws {
        let body = try staged("xxhelloyy", as: "body")
        let part = try storage.stage(2..<7, of: body.handle, as: "part")
        #expect(part.size == 5)
        #expect(try part.digest().sha256 == hello)
        #expect(throws: StorageError.self) { try storage.stage(2..<20, of: body.handle, as: "beyond") }
        #expect(throws: StorageError.self) { try storage.stage(2..<7, of: body.handle, as: "part") }
        #expect(try part.digest().sha256 == hello)
    }

    @Test(
        "SHA-256 and SHA-512 of contents around the size of the buffer",
        arguments: [1, 262143, 262144, 262145, 20 << 20])
    func digest(size: Int) throws {
        let bytes = [UInt8](repeating: 0x61, count: size)
        let file = try storage.adopt(incomingFile: store.incoming(bytes), as: "a")
        let digest = try file.digest(includingSHA512: true, writesMeanwhile: true)
        let path = "\(storage.root)/staging/a"
        #expect(try digest.sha256 == checksum("sha256sum", path))
        #expect(try digest.sha512 == checksum("sha512sum", path))
    }

    private func checksum(_ program: String, _ path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/\(program)")
        process.arguments = [path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return String(output.prefix { $0 != " " })
    }

    @Test("the same content is stored once")
    func place() throws {
        #expect(try storage.place(staged("hello", as: "a"), sha256: hello))
        #expect(try !storage.place(staged("hello", as: "b"), sha256: hello))
        #expect(try store.files().filter { $0.hasPrefix("objects") } == ["objects/2c/f2/\(hello)"])
        #expect(try store.content("objects/2c/f2/\(hello)") == Array("hello".utf8))
    }

    @Test("a blob that is there with another size is never taken for the same")
    func placeOverDamage() throws {
        try storage.place(staged("hello", as: "a"), sha256: hello)
        try Data("hell".utf8).write(to: URL(filePath: "\(storage.root)/objects/2c/f2/\(hello)"))
        #expect(throws: StorageError.self) { try storage.place(staged("hello", as: "b"), sha256: hello) }
    }

    @Test("a public link comes and goes, any number of times")
    func publish() throws {
        let id = try #require(id)
        try storage.place(staged("hello", as: "a"), sha256: hello)
        for _ in 1...2 {
            try storage.publish(id, name: "a.txt", sha256: hello)
            #expect(storage.isPublished(id, name: "a.txt"))
        }
        #expect(try store.content("public/\(id)/a.txt") == Array("hello".utf8))
        for _ in 1...2 {
            try storage.unpublish(id)
            #expect(try store.files().filter { $0.hasPrefix("public") }.isEmpty)
        }
        #expect(storage.hasBlob(hello))
    }

    @Test("a link that another content has becomes the record's")
    func publishOverAnother() throws {
        let id = try #require(id)
        try storage.place(staged("hello", as: "a"), sha256: hello)
        let other = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"
        try storage.place(staged("world", as: "b"), sha256: other)
        try storage.publish(id, name: "a.txt", sha256: hello)
        try storage.publish(id, name: "a.txt", sha256: other)
        #expect(try store.content("public/\(id)/a.txt") == Array("world".utf8))
        #expect(try store.content("objects/2c/f2/\(hello)") == Array("hello".utf8))
        #expect(try store.files().filter { $0.hasPrefix("staging") }.isEmpty)
    }

    @Test("what isn't in the store can't be published")
    func publishNothing() throws {
        let id = try #require(id)
        #expect(throws: StorageError.self) { try storage.publish(id, name: "a.txt", sha256: hello) }
    }

    @Test("a content that has no link left is published as a copy")
    func manyLinks() throws {
        let id = try #require(id)
        try storage.place(staged("hello", as: "a"), sha256: hello)
        let blob = "\(storage.root)/objects/2c/f2/\(hello)"
        // The file system's own limit, reached for real: 65,000 on ext4. One without a limit has nothing to show here.
        var count = 0
        while count < 70_000, link(blob, "\(storage.root)/staging/link-\(count)") == 0 { count += 1 }
        try storage.publish(id, name: "a.txt", sha256: hello)
        #expect(try store.content("public/\(id)/a.txt") == Array("hello".utf8))
    }

    @Test("only what was abandoned is removed")
    func abandoned() throws {
        let file = try staged("hello", as: "a")
        let later = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)).adding(seconds: 100)
        #expect(try storage.removeAbandoned(olderThan: 200, now: later) == 0)
        #expect(try storage.removeAbandoned(olderThan: 50, now: later) == 2)
        #expect(try store.files().isEmpty)
        // Its reader isn't disturbed.
        #expect(try file.digest().sha256 == hello)
    }

    @Test("says how much room there is and whether it takes files")
    func state() throws {
        #expect(try storage.freeBytes() > 0)
        try storage.checkWritable()
        let missing = LocalStorage(root: "/nonexistent/store")
        #expect(throws: StorageError.self) { try missing.checkWritable() }
        #expect(throws: StorageError.self) { try missing.freeBytes() }
    }

    @Test("public links that another host takes away or makes meanwhile")
    func rivals() throws {
        let id = try #require(id)
        try storage.place(staged("hello", as: "a"), sha256: hello)
        let links = [(name: "a.txt", sha256: hello)]
        #expect(try !storage.hasPublication(id, links))
        #expect(try storage.hasPublication(id, []))
        try Parallel.run(2, width: 2) { [storage, hello] index in
            for _ in 0..<200 {
                try storage.publish(id, exactly: index == 0 ? [(name: "a.txt", sha256: hello)] : [])
                try storage.syncPublication(id)
            }
        }
        try storage.publish(id, exactly: links)
        #expect(try storage.hasPublication(id, links))
        #expect(try !storage.hasPublication(id, []))
        #expect(try !storage.hasPublication(id, links + [(name: "b.txt", sha256: hello)]))
        try storage.publish(id, exactly: [])
        #expect(try storage.hasPublication(id, []))
    }
}
