import HTTPTypes
import MediaHTTP
import Synchronization
import Testing

struct FastCGIServerTests {
    @Test("answers one request and closes the connection where the web server doesn't keep it")
    func one() throws {
        let server = try TestServer.echo()
        for _ in 0..<3 {
            let client = try server.socket.client()
            try client.send(cgi("GET", "/v1/media"), keepsConnection: false)
            let answer = try client.answer()
            #expect(answer.status == "200 OK")
            #expect(answer.fields == ["Content-Type": "text/plain", "Content-Length": "13"])
            #expect(answer.body == "GET v1/media ")
            #expect(client.isClosedByServer())
        }
        #expect(server.events.isEmpty)
    }

    @Test("a kept-alive connection serves request after request", arguments: [1, 3])
    func keptAlive(threads: Int) throws {
        let server = try TestServer.echo(threads: threads)
        let client = try server.socket.client()
        for number in 0..<50 {
            #expect(try client.answer(to: cgi("GET", "/\(number)")).body == "GET \(number) ")
        }
        #expect(server.events.isEmpty)
    }

    @Test("idle kept-alive connections, however many, hold no thread")
    func idleConnections() throws {
        let server = try TestServer.echo(threads: 2)
        let idle = try (0..<20).map { _ in try server.socket.client() }
        for client in idle { #expect(try client.answer(to: cgi()).status == "200 OK") }
        let other = try server.socket.client()
        #expect(try other.answer(to: cgi("GET", "/other")).body == "GET other ")
        for (number, client) in idle.enumerated().reversed() {
            #expect(try client.answer(to: cgi("GET", "/\(number)")).body == "GET \(number) ")
        }
    }

    @Test("a kept-alive connection has its turn beside any number of new ones")
    func turns() throws {
        let gate = Gate()
        let served = Counter()
        let server = try TestServer(threads: 1) { request in
            if request.path == ["slow"] { gate.pass() }
            served.add()
            return Response(status: .ok, body: Array("\(served.value)".utf8))
        }
        let kept = try server.socket.client()
        #expect(try kept.answer(to: cgi()).body == "1")
        let slow = try server.socket.client()
        try slow.send(cgi("GET", "/slow"))
        #expect(gate.isReached())
        try kept.send(cgi())
        let new = try (0..<50).map { _ in try server.socket.client() }
        for client in new { try client.send(cgi()) }
        gate.open()
        let place = try #require(Int(try kept.answer().body))
        #expect(place < 10)
        for client in new { #expect(try client.answer().status == "200 OK") }
        #expect(try slow.answer().body == "2")
    }

    @Test("of connections that come at once none waits for another one's answer while a thread is free")
    func atOnce() throws {
        let gate = Gate()
        let server = try TestServer(threads: 3) { request in
            if request.path == ["slow"] { gate.pass() }
            return Response(status: .ok)
        }
        for _ in 0..<200 {
            let slow = try server.socket.client()
            let others = try (0..<3).map { _ in try server.socket.client() }
            try slow.send(cgi("GET", "/slow"))
            for client in others { try client.send(cgi()) }
            for client in others { #expect(try client.answer().status == "200 OK") }
            gate.open()
            #expect(try slow.answer().status == "200 OK")
        }
    }

    @Test("HEAD has the fields of GET and no body, and leaves the connection in order")
    func head() throws {
        let server = try TestServer.echo()
        let client = try server.socket.client()
        let answer = try client.answer(to: cgi("HEAD", "/abc"))
        #expect(answer.fields["Content-Length"] == "9")
        #expect(answer.body.isEmpty)
        #expect(try client.answer(to: cgi("GET", "/abc")).body == "GET abc ")
    }

    @Test("passes a body on, and a long answer back", arguments: [1, 16_384, 100_000])
    func body(count: Int) throws {
        let server = try TestServer.echo()
        let client = try server.socket.client()
        let text = String((0..<count).map { Character(Unicode.Scalar(UInt8(0x61 + $0 % 26))) })
        for length in ["\(count)", ""] {
            let answer = try client.answer(to: cgi("PUT", "/", ["CONTENT_LENGTH": length]), body: Array(text.utf8))
            #expect(answer.body == "PUT  " + text)
        }
    }

    @Test(
        "a connection whose body nobody has read serves the next request", arguments: [1, 5, 8191, 100_000, 3_000_000])
    func unreadBody(count: Int) throws {
        let server = try TestServer(threads: 1) { _ in Response(status: .unauthorized) }
        let client = try server.socket.client()
        for _ in 0..<3 {
            let body = [UInt8](repeating: 7, count: count)
            #expect(
                try client.answer(to: cgi("POST", "/", ["CONTENT_LENGTH": "\(count)"]), body: body).status
                    == "401 Unauthorized")
        }
        #expect(try client.answer(to: cgi()).status == "401 Unauthorized")
    }

    @Test("a connection whose body doesn't come is closed after the answer")
    func missingBody() throws {
        let server = try TestServer { _ in Response(status: .unauthorized) }
        let client = try server.socket.client()
        try client.beginRequest()
        try client.sendParameters(cgi("POST", "/", ["CONTENT_LENGTH": "5"]))
        try client.endParameters()
        #expect(try client.answer().status == "401 Unauthorized")
        #expect(client.isClosedByServer())
        #expect(try server.socket.client().answer(to: cgi()).status == "401 Unauthorized")
    }

    @Test("the answer doesn't wait for a body that nobody reads", arguments: ["", nil])
    func bodyOnItsWay(bodyFile: String?) throws {
        let server = try TestServer { _ in Response(status: .unauthorized) }
        let client = try server.socket.client(timeout: 3)
        try client.beginRequest()
        try client.sendParameters(
            cgi("POST", "/", ["CONTENT_LENGTH": "5"]).merging(bodyFile.map { ["REQUEST_BODY_FILE": $0] } ?? [:]) { $1 })
        try client.endParameters()
        #expect(try client.answer().status == "401 Unauthorized")
    }

    @Test("a body that nginx keeps in a file leaves the connection in order")
    func bodyInFile() throws {
        let server = try TestServer {
            Response(status: .ok, body: Array(($0.parameter("REQUEST_BODY_FILE") ?? "").utf8))
        }
        let client = try server.socket.client()
        for _ in 0..<3 {
            let parameters = cgi("POST", "/", ["CONTENT_LENGTH": "5", "REQUEST_BODY_FILE": "/bodies/1"])
            #expect(try client.answer(to: parameters).body == "/bodies/1")
        }
    }

    @Test("a request that can't be read is answered without the handler")
    func badRequest() throws {
        let server = try TestServer.echo()
        let client = try server.socket.client()
        #expect(try client.answer(to: cgi("NO METHOD")).status == "400 Bad Request")
        #expect(try client.answer(to: cgi("GET", "/a\u{7F}")).status == "400 Bad Request")
        #expect(try client.answer(to: cgi()).status == "200 OK")
    }

    @Test("parameters up to the limit are taken, longer ones get 431 and are reported")
    func longParameters() throws {
        let parameters = cgi("GET", "/a", ["HTTP_X": String(repeating: "x", count: 9000)])
        let role = "FCGI_ROLE=RESPONDER"
        let bytes = parameters.reduce(role.utf8.count) { $0 + $1.key.utf8.count + 1 + $1.value.utf8.count }
        let enough = try TestServer.echo(maxParameterBytes: bytes)
        #expect(try enough.socket.client().answer(to: parameters).status == "200 OK")
        #expect(enough.events.isEmpty)

        let tooFew = try TestServer.echo(maxParameterBytes: bytes - 1)
        let client = try tooFew.socket.client()
        #expect(try client.answer(to: parameters).status == "431 Request Header Fields Too Large")
        #expect(tooFew.events.map { "\($0)" } == ["\(FastCGIServer.Event.parametersTooLong(bytes: bytes))"])
        #expect(try client.answer(to: cgi()).status == "200 OK")
    }

    @Test("makes a handler for each thread")
    func handlers() throws {
        let made = Counter()
        let socket = try TestSocket()
        let lane = Lane(name: "test", socket: socket.descriptor, threads: 3, requestLimit: 60)
        let server = FastCGIServer(
            lanes: [lane], maxParameterBytes: 4096, onEvent: { _ in },
            makeHandler: {
                made.add()
                return { _ in Response(status: .ok) }
            })
        #expect(made.value == 0)
        server.start()
        #expect(eventually { made.value == 3 })
        #expect(try socket.client().answer(to: cgi()).status == "200 OK")
        server.stop()
        #expect(eventually { server.isFinished })
        #expect(made.value == 3)
    }
}
