import Foundation
import MediaCore
import MediaTesting
import Synchronization
import Testing

/// A supervisor whose sockets are somebody else's, as systemd hands them over (sd_listen_fds(3)).
@Suite(.serialized) struct SocketActivationTests {
    /// A service manager in small: holds the sockets, starts the supervisor with them, and anew each time that it ends.
    private static let manager = """
        import ctypes, os, socket, sys
        folder, names, program = sys.argv[1], sys.argv[2], sys.argv[3:]
        sockets = {}
        for name in ('api', 'upload', 'stream'):
            sockets[name] = socket.socket(socket.AF_UNIX)
            sockets[name].bind(f'{folder}/{name}.sock')
            sockets[name].listen(1024)
        while True:
            child = os.fork()
            if child == 0:
                # It ends with its manager (PR_SET_PDEATHSIG, SIGKILL).
                ctypes.CDLL(None).prctl(1, 9)
                # In whatever order.
                moved = [os.dup(sockets[name].fileno()) for name in names.split(':')]
                for number, descriptor in enumerate(moved):
                    os.dup2(descriptor, 3 + number)
                variables = {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': str(len(moved)), 'LISTEN_FDNAMES': names}
                os.execve(program[0], program, {**os.environ, **variables})
            os.waitpid(child, 0)
        """

    private func start(_ instance: ServiceInstance, names: String, log: String = "manager.log") throws -> ChildProcess {
        instance.supervisor?.stop(SIGTERM)
        return try ChildProcess(
            "python3", ["-c", Self.manager, "\(instance.folders.state)/run", names, ServiceFolders.mediad, "serve"],
            environment: instance.environment, output: "\(instance.folders.state)/log/\(log)")
    }

    @Test("restarts of the supervisor under load refuse no request: they wait in the sockets")
    func restart() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let id = try client.upload(Samples.mp4("activated", size: 3000), name: "a.mp4", user: "u").id
        let manager = try start(instance, names: "upload:stream:api")
        try instance.waitUntilReady()
        let faults = Mutex<[String]>([])
        let count = Mutex(0)
        let isOver = Mutex(false)
        let group = ThreadGroup()
        for number in 0..<4 {
            group.start {
                while !isOver.withLock({ $0 }) {
                    let answer =
                        try? number == 0
                        ? client.post("/v1/media?name=a.txt&userId=u", .text("a text of \(UUID())"))
                        : client.get("/m/\(id)")
                    count.withLock { $0 += 1 }
                    if answer.map({ [200, 201].contains($0.status) }) != true {
                        faults.withLock { $0.append("\(number): \(answer?.text ?? "no answer")") }
                    }
                }
            }
        }
        for _ in 0..<3 {
            Thread.sleep(forTimeInterval: 1)
            let old = try #require(manager.children.first)
            kill(old, SIGTERM)
            #expect(eventually { manager.children.first.map { $0 != old } ?? false })
            try instance.waitUntilReady()
        }
        isOver.withLock { $0 = true }
        group.wait()
        #expect(faults.withLock { $0 } == [])
        #expect(count.withLock { $0 } > 50)
        // It was not this supervisor's to take away, nor its workers' to know of.
        #expect(FileManager.default.fileExists(atPath: "\(instance.folders.state)/run/api.sock"))
        let supervisor = try #require(manager.children.first)
        for worker in ProcessTable.children(of: supervisor) {
            let variables = try String(contentsOfFile: "/proc/\(worker)/environ", encoding: .utf8)
            #expect(!variables.contains("LISTEN_"))
        }
    }

    @Test("a socket that isn't among those handed over stops the start and is named")
    func missing() throws {
        let instance = try ServiceInstance()
        let manager = try start(instance, names: "api")
        #expect(eventually { instance.folders.log("manager.log").contains("none is called 'upload'") })
        manager.stop(SIGKILL)
    }
}
