import HTTPTypes
import MediaHTTP
import Testing

/// How a server ends: by `retire` without losing a request, by `stop` without losing a running one.
struct FastCGIServerDrainTests {
    @Test("a server is finished only after it was told to end")
    func running() throws {
        let server = try TestServer.echo(threads: 3)
        #expect(try server.socket.client().answer(to: cgi()).status == "200 OK")
        #expect(!server.server.isFinished)
        server.server.stop()
        #expect(eventually { server.server.isFinished })
    }

    @Test("retires at once where it has no connection", arguments: [1, 4])
    func retireIdle(threads: Int) throws {
        let server = try TestServer.echo(threads: threads)
        server.server.retire()
        #expect(eventually { server.server.isFinished })
    }

    @Test("retired, it serves the connections it has, leaves new ones to its successor, and ends when they close")
    func retire() throws {
        let socket = try TestSocket()
        let old = try TestServer(socket: socket, threads: 2) { _ in Response(status: .ok, body: Array("old".utf8)) }
        let kept = try (0..<5).map { _ in try socket.client() }
        for client in kept { #expect(try client.answer(to: cgi()).body == "old") }

        old.server.retire()
        let new = try TestServer(socket: socket, threads: 2) { _ in Response(status: .ok, body: Array("new".utf8)) }
        for _ in 0..<20 { #expect(try socket.client().answer(to: cgi()).body == "new") }
        for client in kept { #expect(try client.answer(to: cgi()).body == "old") }
        for client in kept.dropLast() { client.disconnect() }
        #expect(try kept[4].answer(to: cgi()).body == "old")
        #expect(!old.server.isFinished)
        kept[4].disconnect()
        #expect(eventually { old.server.isFinished })
        #expect(!new.server.isFinished)
        #expect(try socket.client().answer(to: cgi()).body == "new")
    }

    @Test("a request that runs while its server retires gets its answer")
    func retireWhileRunning() throws {
        let gate = Gate()
        let server = try TestServer { _ in
            gate.pass()
            return Response(status: .ok)
        }
        let client = try server.socket.client()
        try client.send(cgi(), keepsConnection: false)
        #expect(gate.isReached())
        server.server.retire()
        #expect(!server.server.isFinished)
        gate.open()
        #expect(try client.answer().status == "200 OK")
        client.disconnect()
        #expect(eventually { server.server.isFinished })
    }

    @Test("stops with idle connections open, and closes them", arguments: [1, 3])
    func stopIdle(threads: Int) throws {
        let server = try TestServer.echo(threads: threads)
        let idle = try (0..<6).map { _ in try server.socket.client() }
        for client in idle { #expect(try client.answer(to: cgi()).status == "200 OK") }
        server.server.stop()
        #expect(eventually { server.server.isFinished })
        for client in idle { #expect(client.isClosedByServer()) }
    }

    @Test("stopped, it answers a request that was on its way on an idle connection, and closes that")
    func stopWithRequestOnItsWay() throws {
        let server = try TestServer.echo(threads: 1)
        let idle = try (0..<6).map { _ in try server.socket.client() }
        for client in idle { #expect(try client.answer(to: cgi()).status == "200 OK") }
        for client in idle { try client.send(cgi()) }
        server.server.stop()
        for client in idle {
            #expect(try client.answer().status == "200 OK")
        }
        #expect(eventually { server.server.isFinished })
        for client in idle { #expect(client.isClosedByServer()) }
    }

    @Test("stopped, it answers what nobody had taken yet")
    func stopWithBacklog() throws {
        let gate = Gate()
        let server = try TestServer { request in
            if request.path == ["slow"] { gate.pass() }
            return Response(status: .ok)
        }
        let slow = try server.socket.client()
        try slow.send(cgi("GET", "/slow"))
        #expect(gate.isReached())
        let waiting = try (0..<5).map { _ in try server.socket.client() }
        for client in waiting { try client.send(cgi()) }
        server.server.stop()
        gate.open()
        for client in [slow] + waiting { #expect(try client.answer().status == "200 OK") }
        #expect(eventually { server.server.isFinished })
    }

    @Test("where it retires since it is stuck, what nobody had taken yet is its successor's")
    func retireStuck() throws {
        let gate = Gate()
        let socket = try TestSocket()
        let old = try TestServer(socket: socket) { _ in
            gate.pass()
            return Response(status: .ok, body: Array("old".utf8))
        }
        let slow = try socket.client()
        try slow.send(cgi())
        #expect(gate.isReached())
        let waiting = try (0..<5).map { _ in try socket.client() }
        for client in waiting { try client.send(cgi()) }
        old.server.retire(leavesWaiting: true)
        let new = try TestServer(socket: socket) { _ in Response(status: .ok, body: Array("new".utf8)) }
        for client in waiting { #expect(try client.answer().body == "new") }
        gate.open()
        #expect(try slow.answer().body == "old")
        slow.disconnect()
        #expect(eventually { old.server.isFinished })
        #expect(!new.server.isFinished)
    }

    @Test("stopped, it finishes the requests that are running and closes their connections")
    func stopWhileRunning() throws {
        let gate = Gate()
        let server = try TestServer(threads: 2) { _ in
            gate.pass()
            return Response(status: .ok)
        }
        let clients = try (0..<2).map { _ in try server.socket.client() }
        for client in clients {
            try client.send(cgi())
            #expect(gate.isReached())
        }
        server.server.stop()
        #expect(!server.server.isFinished)
        for _ in clients { gate.open() }
        for client in clients {
            #expect(try client.answer().status == "200 OK")
            #expect(client.isClosedByServer())
        }
        #expect(eventually { server.server.isFinished })
    }

    @Test("to retire after a stop changes nothing", arguments: [true, false])
    func retireAfterStop(isStoppedFirst: Bool) throws {
        let gate = Gate()
        let server = try TestServer { _ in
            gate.pass()
            return Response(status: .ok)
        }
        let client = try server.socket.client()
        try client.send(cgi())
        #expect(gate.isReached())
        if isStoppedFirst { server.server.stop() }
        server.server.retire()
        if !isStoppedFirst { server.server.stop() }
        gate.open()
        #expect(try client.answer().status == "200 OK")
        #expect(eventually { server.server.isFinished })
    }
}
