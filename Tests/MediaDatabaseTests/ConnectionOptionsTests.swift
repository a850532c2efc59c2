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
        options.host = "127.0.0.1"
        options.port = UInt32(server.port)
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
}
