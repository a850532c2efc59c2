import Foundation
import MediaProcessing
import Testing

/// Programs of others stay within what they are given.
struct ToolTests {
    private struct Stop: Error {}

    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "tool-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func tool(
        _ kind: Sandbox.Kind, memory: Int64 = 1 << 30, processorTime: Int = 20, time: Int = 20,
        fileSize: Int64 = 1 << 20
    ) throws -> Tool {
        Tool(
            sandbox: try Sandbox(kind),
            limits: .init(memory: memory, processorTime: processorTime, time: time, fileSize: fileSize))
    }

    private func shell(_ tool: Tool, _ script: String, reads: [String] = [], input: String = "") throws -> String {
        String(
            decoding: try tool.run(
                "/bin/sh", ["-c", script], input: Array(input.utf8), reads: reads, folder: folder, check: {}
            ).bytes,
            as: UTF8.self)
    }

    private func failure(_ tool: Tool, _ script: String) throws -> ToolFailure {
        try #require(throws: ToolFailure.self) { _ = try shell(tool, script) }
    }

    private static let kinds = [Sandbox.Kind.bubblewrap, .limits]

    @Test("a program gets its input, folder and arguments, and what it says comes back", arguments: kinds)
    func works(kind: Sandbox.Kind) throws {
        #expect(
            try shell(tool(kind), "cat; pwd; echo x > file; echo $HOME", input: "in\n") == "in\n\(folder)\n\(folder)\n")
        #expect(try String(contentsOfFile: "\(folder)/file", encoding: .utf8) == "x\n")
        var lines: [String] = []
        let rest = try tool(kind).run(
            "/bin/sh", ["-c", "echo a; echo b; printf c"], folder: folder, check: {}, onLine: { lines.append($0) })
        #expect(lines == ["a", "b", "c"] && rest.bytes.isEmpty)
    }

    @Test(
        "what it says last is in the failure; it can't be without namespaces where they are asked for", arguments: kinds
    )
    func fails(kind: Sandbox.Kind) throws {
        let failure = try failure(tool(kind), "echo first >&2; printf 'last\\033 line\\n' >&2; exit 3")
        #expect(failure.kind == .exit(3) && failure.lastLines == "first | last line")
        #expect("\(failure)" == "sh ended with status 3: first | last line")
        #expect(try self.failure(tool(kind), "kill -SEGV $$").kind == .signal(SIGSEGV))
        let missing = try #require(throws: ToolFailure.self) {
            _ = try tool(.limits).run("/nowhere", [], folder: folder, check: {})
        }
        #expect(missing.kind == .notStarted)
    }

    @Test("memory, time, files and words are limited", arguments: kinds)
    func limits(kind: Sandbox.Kind) throws {
        let script = "a=x; while :; do a=$a$a; done"
        let memory = try failure(tool(kind, memory: 64 << 20), script)
        #expect(memory.kind != .timeout, "\(memory)")
        #expect(try failure(tool(kind, processorTime: 1), "while :; do :; done").kind == .signal(SIGXCPU))
        let begin = ContinuousClock.now
        #expect(try failure(tool(kind, time: 1), "sleep 30 & sleep 30").kind == .timeout)
        #expect(ContinuousClock.now - begin < .seconds(10))
        let full = try failure(tool(kind, fileSize: 1000), "exec dd if=/dev/zero of=large bs=10000 count=2 2>/dev/null")
        #expect(full.kind == .signal(SIGXFSZ) || full.kind == .exit(1), "\(full)")
        var few = try tool(kind)
        few.limits.output = 1000
        #expect(try failure(few, "while :; do echo many words; done").kind == .output)
    }

    @Test("whoever asks for it is obeyed at once, and nothing runs on", arguments: kinds)
    func stopped(kind: Sandbox.Kind) throws {
        var count = 0
        let mark = "30.\(UInt32.random(in: 0...999_999))"
        #expect(throws: Stop.self) {
            _ = try tool(kind).run(
                "/bin/sh", ["-c", "sleep \(mark) & sleep \(mark)"], folder: folder,
                check: {
                    count += 1
                    if count == 5 { throw Stop() }
                })
        }
        // What was in a namespace of its own ends a moment later.
        Thread.sleep(forTimeInterval: 0.5)
        let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") ?? Data()
            return String(decoding: words, as: UTF8.self).hasPrefix("sleep\0\(mark)")
        }
        #expect(left.isEmpty)
    }

    @Test("a program inherits nothing that is open here", arguments: kinds)
    func descriptors(kind: Sandbox.Kind) throws {
        // As a connection to MariaDB: it doesn't close by itself.
        let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        // The last one is the folder that is read; without namespaces nobody has read the system calls' filter.
        let script = "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"
        let said = try tool(kind).run("/usr/bin/python3", ["-c", script], folder: folder, check: {})
        let text = String(decoding: said.bytes, as: UTF8.self)
        #expect(text == (kind == .limits ? "[0, 1, 2, 3, 4]\n" : "[0, 1, 2, 3]\n"))
    }

    @Test("the kernel refuses what no decoder needs")
    func callFilter() throws {
        #if arch(x86_64)
            let (unshare, ptrace, bpf) = (272, 101, 321)
        #else
            let (unshare, ptrace, bpf) = (97, 117, 280)
        #endif
        let script = """
            import ctypes, socket, threading
            library = ctypes.CDLL(None, use_errno=True)
            def refused(number, *values):
                return library.syscall(number, *values) == -1 and ctypes.get_errno()
            print(refused(\(unshare), 0x10000000), refused(\(ptrace), 0), refused(\(bpf), 0, 0, 0))
            try:
                socket.socket(socket.AF_INET)
            except OSError as error:
                print(error.errno)
            socket.socket(socket.AF_UNIX)
            thread = threading.Thread(target=print, args=("thread",))
            thread.start()
            thread.join()
            """
        let said = try tool(.bubblewrap).run(
            "/usr/bin/python3", ["-c", script], folder: folder, check: {})
        #expect(String(decoding: said.bytes, as: UTF8.self) == "1 1 1\n97\nthread\n")
    }

    @Test("in namespaces there is no network, no other process, and no file but what was named")
    func namespaces() throws {
        // Not below /tmp, which is the program's own folder there.
        let secret = "/var/tmp/secret-\(UUID().uuidString)"
        try Data("secret".utf8).write(to: URL(filePath: secret))
        defer { try? FileManager.default.removeItem(atPath: secret) }
        let tool = try tool(.bubblewrap)
        #expect(try shell(tool, "cat \(secret)", reads: [secret]) == "secret")
        #expect(try failure(tool, "cat \(secret)").kind == .exit(1))
        // Counted by the shell itself: of a pipeline's processes some may not stand yet.
        #expect(try shell(tool, "grep -c : /proc/net/dev; set /proc/[0-9]*; echo $#") == "1\n2\n")
        #expect(try failure(tool, "ls /etc/passwd /root").kind == .exit(2))
        #expect(try failure(tool, "echo x > /x").kind == .exit(2))
        #expect(try failure(tool, "echo x > /dev/shm/x").kind == .exit(2))
        #expect(try failure(tool, "echo x > /usr/x").kind == .exit(2))
        #expect(
            try shell(tool, "grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status")
                == "NoNewPrivs:\t1\nCapEff:\t0000000000000000\n")
    }
}
