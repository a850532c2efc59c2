import MediaTesting
import Testing

/// What nginx itself does: TLS, HTTP/2, its own error answers.
struct NginxTests {
    private static let shared = Result { try ServiceInstance(settings: ["MEDIA_CLIENT_TIMEOUT": "2"], tls: true) }

    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try Self.shared.get()
        client = instance.anonymous
    }

    /// The first line that a handshake with these options prints about the protocol it found.
    private func handshake(_ options: String...) throws -> Command {
        try Command("openssl", ["s_client", "-connect", "localhost:\(instance.port)", "-brief"] + options)
    }

    @Test("the configuration is right, and nginx has no warning", arguments: [true, false])
    func configuration(tls: Bool) throws {
        let instance = tls ? instance : try SharedInstance.instance()
        let test = try Command("nginx", ["-t"] + instance.nginxArguments(directives: ""))
        #expect(test.status == 0, "\(test.errors)")
        #expect(!test.errors.contains("[warn]"), "\(test.errors)")
    }

    @Test("TLS 1.2 and 1.3 are spoken", arguments: [("1.2", "--tls-max"), ("1.3", "--tlsv1.3")])
    func tls(version: String, option: String) throws {
        let curl = option == "--tls-max" ? ["--tls-max", version] : [option]
        let answer = try client.send("GET", "/healthz", curl: curl)
        #expect(answer.status == 200)
        let handshake = try handshake("-tls\(version.replacing(".", with: "_"))")
        #expect(handshake.errors.contains("Protocol version: TLSv\(version)"), "\(handshake.errors)")
    }

    @Test("TLS before 1.2 is refused, whatever the client offers", arguments: ["-tls1", "-tls1_1"])
    func oldTLS(option: String) throws {
        let handshake = try handshake(option, "-cipher", "ALL:@SECLEVEL=0")
        #expect(handshake.status != 0)
        #expect(!handshake.errors.contains("CONNECTION ESTABLISHED"), "\(handshake.errors)")
    }

    @Test(
        "only ciphers with forward secrecy",
        arguments: ["AES128-SHA256", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"])
    func weakCipher(name: String) throws {
        let handshake = try handshake("-tls1_2", "-cipher", name)
        #expect(handshake.status != 0, "\(handshake.errors)")
    }

    @Test("HTTP/2 is negotiated and serves uploads and downloads")
    func http2() throws {
        var client = try instance.client()
        client.arguments += ["--http2"]
        let bytes = Samples.mp4("http2", size: 3_000_000)
        let answer = try client.post("/v1/media?name=a.mp4&userId=h2", .bytes(bytes))
        #expect(answer.version == "HTTP/2" && answer.status == 201, "\(answer.text)")
        let file = try client.get("/m/\(answer.json.id)")
        #expect(file.version == "HTTP/2" && file.body == bytes)
        let part = try client.get("/m/\(answer.json.id)", headers: ["Range": "bytes=5-6"])
        #expect(part.status == 206 && part.body == Array(bytes[5...6]))
        client.arguments += ["--http1.1"]
        #expect(try client.get("/healthz").version == "HTTP/1.1")
    }

    @Test("over HTTP/2 a body that says nothing of its length has no room either, where none belongs")
    func http2Body() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("body", [UInt8](repeating: 7, count: 3_000_000))
        let answer = try client.send(
            "GET", "/v1/media", headers: ["Transfer-Encoding": "chunked"], .none,
            curl: ["--http2", "-T", path, "-X", "GET"])
        #expect(answer.status == 413, "\(answer.text)")
    }

    @Test("plain HTTP on the TLS port is sent to HTTPS")
    func plainOnTLS() throws {
        let answer = try client.get("http://localhost:\(instance.port)/healthz")
        #expect(answer.status == 301)
        #expect(answer["Location"] == "\(instance.baseURL)/healthz")
    }

    @Test("no answer tells nginx's version", arguments: ["/healthz", "/nothing", "/p/x", "/v1/media"])
    func version(path: String) throws {
        let answer = try client.get(path)
        #expect(answer["Server"] == "nginx")
        #expect(!answer.text.contains("nginx/") && !answer.text.contains("<html"))
    }

    @Test("nginx's own errors are problems too")
    func ownErrors() throws {
        // Over HTTP/1.1: nginx resets an HTTP/2 stream whose fields are too long.
        let client = try SharedInstance.client()
        let record = try client.upload(Samples.text("405"), name: "a.txt", user: "nginx", query: "isPublic=true")
        try client.get("/nothing").expectProblem(404, "not_found")
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let answer = try client.send(method, record.text("url"))
            answer.expectProblem(405, "method_not_allowed")
            #expect(answer["Allow"] == "GET, HEAD")
        }
        try client.get("/v1/media?q=\(String(repeating: "x", count: 20000))").expectProblem(414, "uri_too_long")
        let long = try client.get("/healthz", headers: ["X-Long": String(repeating: "x", count: 20000)])
        long.expectProblem(431, "header_too_large")
        let many = Dictionary(uniqueKeysWithValues: (0..<100).map { ("X-\($0)", String(repeating: "x", count: 1000)) })
        try client.get("/healthz", headers: many).expectProblem(431, "header_too_large")
        let body = HTTPClient.Body.bytes([UInt8](repeating: 0x20, count: 1_100_000))
        try client.send("PATCH", "/v1/media/\(record.id)", body).expectProblem(413, "too_large")
    }

    @Test(
        "what is no HTTP gets 400 or no answer, and the service goes on",
        arguments: [
            "GARBAGE\r\n\r\n", "GET /healthz\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n", "GET /healthz HTTP/1.1\r\n\r\n",
            "\u{16}\u{3}\u{1}\r\n\r\n", "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
        ])
    func noHTTP(text: String) throws {
        let plain = try SharedInstance.instance()
        let connection = try RawConnection(port: plain.port, timeout: 3)
        try connection.send(text)
        connection.finish()
        let answer = String(decoding: connection.readAll(), as: UTF8.self)
        #expect(!answer.contains("nginx/") && !answer.contains("<html"), "\(answer)")
        #expect(try plain.anonymous.get("/healthz").status == 200)
    }

    @Test("a client that stops sending is not waited for", arguments: ["GET /healthz HT", "UPLOAD"])
    func slowClient(text: String) throws {
        let patient = try ServiceInstance(settings: ["MEDIA_CLIENT_TIMEOUT": "1"])
        let connection = try RawConnection(port: patient.port)
        let head =
            "POST /v1/media?name=a&userId=u HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
            + "Authorization: Bearer \(try patient.key("media:write"))\r\n\r\n"
        try connection.send(text == "UPLOAD" ? head + "abc" : text)
        let seconds = duration { _ = connection.readAll() }
        #expect(seconds > 0.5 && seconds < 5)
        try Leftovers.expectNothing(patient)
    }

    @Test("no log holds what opens a file")
    func signatures() throws {
        let client = try instance.client()
        let id = try client.upload(Samples.text("logged"), name: "a.txt", user: "logs").id
        let link = try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(#"{"expiresIn":60}"#))
        let url = link.json.text("url")
        let signature = try #require(url.split(separator: "&s=").last)
        #expect(try instance.anonymous.get(url).status == 200)
        #expect(try instance.anonymous.get("/v1/media?s=\(signature)&x=1").status == 400)
        #expect(eventually { instance.folders.log("access.log").contains("?s=-&x=1") })
        #expect(instance.folders.log("access.log").contains("&s=-\""))
        for log in ["access.log", "serve.log"] {
            #expect(!instance.folders.log(log).contains(signature), "\(log)")
            #expect(!instance.folders.log(log).contains(try #require(client.key)), "\(log)")
        }
    }

    @Test("nginx's log and the service's name the same request")
    func requestID() throws {
        let answer = try client.get("/v1/media")
        let id = try #require(answer["X-Request-Id"])
        #expect(id.wholeMatch(of: #/[0-9a-f]{32}/#) != nil)
        #expect(eventually { instance.folders.log("access.log").contains(id) })
        #expect(instance.folders.log("serve.log").contains("\"requestId\":\"\(id)\""))
    }
}
