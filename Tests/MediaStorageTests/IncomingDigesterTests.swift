import Foundation
import MediaStorage
import Synchronization
import Testing

@Suite(.serialized) struct IncomingDigesterTests {
    private let store: TemporaryStore
    private var storage: LocalStorage { store.storage }

    init() throws {
        store = try TemporaryStore()
    }

    /// A digester that works on a thread of its own until it is let go.
    private final class Running: Sendable {
        private let isStopped = Mutex(false)
        private let done = DispatchSemaphore(value: 0)

        init(_ storage: LocalStorage, runFolder: String) throws {
            let digester = try IncomingDigester(storage, runFolder: runFolder)
            nonisolated(unsafe) let unshared = digester
            Thread.detachNewThread { [self] in
                while !isStopped.withLock({ $0 }) { unshared.work(milliseconds: 20) }
                done.signal()
            }
        }

        func stop() {
            isStopped.withLock { $0 = true }
            done.wait()
        }
    }

    private func bytes(_ count: Int, seed: UInt8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed)) ^ UInt8(truncatingIfNeeded: $0 >> 11) }
    }

    /// Writes a body piece by piece, as nginx does.
    private func receive(_ content: [UInt8], name: String) throws -> String {
        let path = "\(storage.incoming)/\(name)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        for start in stride(from: 0, to: content.count, by: 3_000_000) {
            handle.write(Data(content[start..<min(start + 3_000_000, content.count)]))
            usleep(5000)
        }
        try handle.close()
        return path
    }

    @Test("what it says of a file that grew is the file's hash")
    func followed() throws {
        let digester = try Running(storage, runFolder: storage.root)
        defer { digester.stop() }
        for seed in [1, 2] as [UInt8] {
            let path = try receive(bytes((20 << 20) + Int(seed), seed: seed), name: "body-\(seed)")
            let file = try storage.adopt(incomingFile: path, as: "staged-\(seed)")
            let ahead = try #require(file.digestFromArrival(runFolder: storage.root))
            try FileManager.default.removeItem(atPath: path)
            #expect(try ahead == file.digest())
        }
    }

    @Test("it knows nothing of small files, of files it never saw and of sizes that a file hasn't")
    func unknown() throws {
        let digester = try Running(storage, runFolder: storage.root)
        defer { digester.stop() }
        let small = try storage.adopt(incomingFile: receive(bytes(1000, seed: 1), name: "small"), as: "small")
        #expect(small.digestFromArrival(runFolder: storage.root) == nil)
        let body = try storage.adopt(incomingFile: receive(bytes(30 << 20, seed: 1), name: "large"), as: "large")
        let part = try storage.stage(5..<Int64(20 << 20), of: body.handle, as: "part")
        #expect(part.digestFromArrival(runFolder: storage.root) == nil)
        #expect(body.digestFromArrival(runFolder: storage.root) != nil)
    }

    @Test("without one, there is no answer and no wait")
    func absent() throws {
        let file = try storage.adopt(incomingFile: receive(bytes(20 << 20, seed: 1), name: "a"), as: "a")
        #expect(file.digestFromArrival(runFolder: storage.root) == nil)
    }

    @Test("one at a time has a run folder")
    func exclusive() throws {
        let digester = try Running(storage, runFolder: storage.root)
        defer { digester.stop() }
        #expect(throws: StorageError.self) { try IncomingDigester(storage, runFolder: storage.root) }
    }

    @Test("broken questions don't stop it")
    func brokenQuestions() throws {
        let digester = try Running(storage, runFolder: storage.root)
        defer { digester.stop() }
        for question in ["", "x", String(repeating: "x", count: 16), String(repeating: "\u{7F}", count: 100)] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "python3", "-c",
                "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(sys.argv[2].encode())",
                "\(storage.root)/digest.sock", question,
            ]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let file = try storage.adopt(incomingFile: receive(bytes(20 << 20, seed: 1), name: "a"), as: "a")
        #expect(try file.digestFromArrival(runFolder: storage.root) == file.digest())
    }

    /// Descriptors of this process that lead into the store.
    private func openFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
            .filter { $0.hasPrefix(storage.incoming) }
    }

    @Test("no file is held open once nginx's name of it is gone, asked for or not")
    func letsGo() throws {
        let digester = try Running(storage, runFolder: storage.root)
        defer { digester.stop() }
        var kept: [StagedFile] = []
        for seed in [1, 2, 3, 4] as [UInt8] {
            let path = try receive(bytes(20 << 20, seed: seed), name: "body-\(seed)")
            let file = try storage.adopt(incomingFile: path, as: "staged-\(seed)")
            if seed != 4 { #expect(file.digestFromArrival(runFolder: storage.root) != nil) }
            kept.append(file)
            usleep(100_000)
            try FileManager.default.removeItem(atPath: path)
        }
        var isFree = false
        for _ in 0..<100 where !isFree {
            usleep(20_000)
            isFree = try openFiles().isEmpty
        }
        #expect(isFree)
        #expect(kept.count == 4)
    }
}
