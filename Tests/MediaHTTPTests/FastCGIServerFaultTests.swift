import HTTPTypes
import MediaHTTP
import Testing

/// What goes wrong on a connection stays on that connection.
struct FastCGIServerFaultTests {
    @Test("a client that is gone before its answer is reported, and the next one is served")
    func clientGone() throws {
        let gate = Gate()
        let server = try TestServer { request in
            if request.path == ["slow"] { gate.pass() }
            return Response(status: .ok, contentType: "text/plain", body: Array("x".utf8))
        }
        let client = try server.socket.client()
        try client.send(cgi("GET", "/slow", ["REQUEST_ID": "gone-1"]))
        #expect(gate.isReached())
        client.disconnect()
        gate.open()
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
        #expect(server.events.map { "\($0)" } == ["\(FastCGIServer.Event.clientGone(requestID: "gone-1"))"])
    }

    @Test("a client that closes an idle connection is no event")
    func idleClientGone() throws {
        let server = try TestServer.echo()
        for _ in 0..<10 {
            let client = try server.socket.client()
            #expect(try client.answer(to: cgi()).status == "200 OK")
            client.disconnect()
        }
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
        #expect(server.events.isEmpty)
    }

    @Test(
        "garbage closes its connection, and the server goes on",
        arguments: [
            Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), [UInt8](repeating: 0, count: 64),
            [UInt8](repeating: 0xFF, count: 64),
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 9, 1, 0, 0, 0, 0, 0],  // A role that nobody has.
            [1, 1, 0, 1, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0],  // A begin record that is too short.
            [1, 1, 0, 0, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],  // Request 0.
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0],  // A body before the parameters.
            // Half a pair.
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 1, 0, 0, 5, 1, 4, 0, 1, 0, 0, 0, 0],
        ])
    func garbage(bytes: [UInt8]) throws {
        let server = try TestServer.echo()
        let before = try server.socket.client()
        #expect(try before.answer(to: cgi()).status == "200 OK")
        let client = try server.socket.client()
        try client.sendBytes(bytes)
        #expect(client.isClosedByServer())
        client.disconnect()
        #expect(try before.answer(to: cgi()).status == "200 OK")
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
    }

    @Test("a connection without a request holds no thread")
    func silent() throws {
        let server = try TestServer.echo()
        let silent = try (0..<3).map { _ in try server.socket.client() }
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
        for client in silent { #expect(try client.answer(to: cgi()).status == "200 OK") }
    }

    @Test("a request whose parameters break off isn't handled")
    func brokenOffParameters() throws {
        let handled = Counter()
        let server = try TestServer { _ in
            handled.add()
            return Response(status: .ok)
        }
        let client = try server.socket.client()
        try client.beginRequest()
        try client.sendParameters(cgi("DELETE", "/v1/media/x"))
        client.disconnect()
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
        #expect(handled.value == 1)
    }

    @Test("a body that breaks off is seen as shorter than announced, and the connection isn't used again")
    func brokenOffBody() throws {
        let server = try TestServer.echo()
        let gone = try server.socket.client()
        try gone.beginRequest()
        try gone.sendParameters(cgi("PUT", "/", ["CONTENT_LENGTH": "10"]))
        try gone.endParameters()
        gone.disconnect()
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")

        let short = try server.socket.client()
        let parameters = cgi("PUT", "/", ["CONTENT_LENGTH": "10"])
        #expect(try short.answer(to: parameters, body: [1, 2, 3]).status == "400 Bad Request")
        #expect(try short.answer(to: cgi()).status == "200 OK")
    }

    @Test("a stuck request is reported once, for as long as it is stuck it counts")
    func stuck() throws {
        let gate = Gate()
        let server = try TestServer(threads: 2, requestLimit: 0) { request in
            if request.path == ["slow"] { gate.pass() }
            return Response(status: .ok)
        }
        #expect(!server.server.checkForStuckRequests())
        for id in ["stuck-1", "stuck-2"] {
            let client = try server.socket.client()
            try client.send(cgi("GET", "/slow", ["REQUEST_ID": id]))
            #expect(gate.isReached())
            #expect(eventually { server.server.checkForStuckRequests() })
            #expect(server.server.checkForStuckRequests())
            #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
            gate.open()
            #expect(try client.answer().status == "200 OK")
            #expect(eventually { !server.server.checkForStuckRequests() })
        }
        let reported = server.events.map { event -> String in
            guard case .stuck(let lane, let requestID, let seconds) = event, seconds > 0 else { return "\(event)" }
            return "\(lane) \(requestID)"
        }
        #expect(reported == ["test stuck-1", "test stuck-2"])
    }
}
