import MediaDatabase
import MediaTesting
import Testing

/// The ways to a server.
struct ConnectionOptionsTests {
    private let server: PrivateMariaDB
    private var options: DatabaseOptions

    init() throws {
        server = try PrivateMariaDB.shared()
        options = try server.makeDatabase()
        options.socket = nil
        options.hosts = [.init("127.0.0.1", port: UInt32(server.port))]
    }

    private func cipher(_ options: DatabaseOptions) throws -> String? {
        try Connection(options).query("SHOW SESSION STATUS LIKE 'Ssl_cipher'") { (row) throws(MariaDBError) in
            try row.text(1)
        }.first
    }

    @Test("a port without TLS")
    func plain() throws {
        #expect(try cipher(options) == "")
    }

    @Test("a port with TLS, the certificate not looked at")
    func encrypted() throws {
        var options = options
        options.tls = .encrypted
        #expect(try cipher(options)?.isEmpty == false)
    }

    @Test("a port with TLS and the right authority")
    func verified() throws {
        var options = options
        options.tls = .verified(authority: server.certificate.certificate)
        #expect(try cipher(options)?.isEmpty == false)
    }

    @Test("a certificate of another authority is refused")
    func wrongAuthority() throws {
        let folder = try TemporaryFolder()
        var options = options
        options.tls = .verified(authority: try Certificate(in: folder.path).certificate)
        let error = #expect(throws: MariaDBError.self) { try cipher(options) }
        #expect(error?.isConnectionLoss == true)
    }

    @Test("a wrong password is an error of the server, not a lost connection")
    func password() throws {
        var options = options
        options.password = "another"
        let error = #expect(throws: MariaDBError.self) { try Connection(options).number("SELECT 1") }
        #expect(error?.code.rawValue == 1045)
        #expect(error?.isConnectionLoss == false)
    }

    @Test("the session's zone is UTC, its character set utf8mb4, its mode strict")
    func session() throws {
        let connection = Connection(options)
        #expect(try connection.texts("SELECT @@session.time_zone") == ["+00:00"])
        #expect(try connection.texts("SELECT @@session.character_set_client") == ["utf8mb4"])
        #expect(try connection.texts("SELECT @@session.sql_mode").first?.contains("STRICT_ALL_TABLES") == true)
    }

    @Test("of several hosts one that refuses is passed over, and the one in use is known to all connections")
    func hosts() throws {
        var options = options
        options.hosts.insert(.init("127.0.0.1", port: UInt32(try Port.free())), at: 0)
        let gate = OutageGate()
        let connection = Connection(options, gate: gate)
        var failures = 0
        connection.onRetry = { _ in failures += 1 }
        #expect(try connection.number("SELECT @@port") == Int64(server.port))
        #expect(failures == 1)
        let other = Connection(options, gate: gate)
        other.onRetry = { _ in failures += 1 }
        #expect(try other.number("SELECT @@port") == Int64(server.port))
        #expect(failures == 1)
    }

    @Test("of several hosts one that is lost, or hangs, is left for the next", arguments: [true, false])
    func hostLost(isHanging: Bool) throws {
        let first = try PrivateMariaDB()
        var options = options
        options.user = "root"
        options.password = ""
        options.database = "mysql"
        options.answerTimeout = 2
        options.hosts = [
            .init("127.0.0.1", port: UInt32(first.port)), .init("127.0.0.1", port: UInt32(server.port)),
        ]
        let connection = Connection(options)
        #expect(try connection.number("SELECT @@port") == Int64(first.port))
        if isHanging { try first.pause() } else { first.kill() }
        defer { first.resume() }
        #expect(try connection.number("SELECT @@port") == Int64(server.port))
        #expect(try connection.transaction { try $0.number("SELECT @@port") } == Int64(server.port))
    }
}
