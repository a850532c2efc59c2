import Foundation
import HTTPTypes
import MediaHTTP
import Synchronization
import Testing

/// A listening unix socket below a folder of its own.
final class TestSocket: Sendable {
    let path: String
    let descriptor: Int32
    private let folder: String

    init() throws {
        var template = Array("/tmp/media-http-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/s"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        self.descriptor = descriptor
        try #require(withUnixAddress(path) { bind(descriptor, $0, $1) } == 0)
        try #require(listen(descriptor, 128) == 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
        rmdir(folder)
    }

    func client(timeout: Int = 10) throws -> FastCGIClient { try FastCGIClient(path: path, timeout: timeout) }
}

/// A server in this process, with what it reported.
final class TestServer: Sendable {
    let socket: TestSocket
    let server: FastCGIServer
    private let log: Log

    private final class Log: Sendable {
        let events = Mutex<[FastCGIServer.Event]>([])
    }

    /// - Parameter requestLimit: seconds; 0 lets connections wait for ever.
    init(
        socket: TestSocket? = nil, threads: Int = 1, requestLimit: Int = 60, maxParameterBytes: Int = 4096,
        handler: @escaping @Sendable (Request) -> Response
    ) throws {
        let socket = try socket ?? TestSocket()
        let log = Log()
        self.socket = socket
        self.log = log
        let lane = Lane(name: "test", socket: socket.descriptor, threads: threads, requestLimit: requestLimit)
        server = FastCGIServer(
            lanes: [lane], maxParameterBytes: maxParameterBytes,
            onEvent: { event in log.events.withLock { $0.append(event) } }, makeHandler: { handler })
        server.start()
    }

    deinit {
        server.stop()
    }

    var events: [FastCGIServer.Event] { log.events.withLock { $0 } }

    /// A server that answers with the method, the path and the body.
    static func echo(socket: TestSocket? = nil, threads: Int = 1, maxParameterBytes: Int = 4096) throws -> TestServer {
        try TestServer(socket: socket, threads: threads, maxParameterBytes: maxParameterBytes) { request in
            guard let body = try? request.body(limit: 1 << 20) else { return Response(status: .badRequest) }
            let head = "\(request.method.rawValue) \(request.path.joined(separator: "/")) "
            return Response(status: .ok, contentType: "text/plain", body: Array(head.utf8) + body)
        }
    }
}

/// Parameters of a request as nginx sends them.
func cgi(_ method: String = "GET", _ path: String = "/a", _ more: [String: String] = [:]) -> [String: String] {
    ["REQUEST_METHOD": method, "DOCUMENT_URI": path, "REQUEST_ID": "id-1", "CONTENT_LENGTH": ""]
        .merging(more) { $1 }
}

/// Waits until `condition` holds; false if it doesn't within 10 seconds.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<5000 {
        if condition() { return true }
        usleep(2000)
    }
    return condition()
}
