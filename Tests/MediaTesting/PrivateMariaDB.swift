import Glibc
import MediaCore
package import MediaDatabase
import Synchronization

/// A MariaDB of the tests' own, in a folder of its own, on a socket and on a port of loopback.
package final class PrivateMariaDB: Sendable {
    private static let sharedResult = Result { try PrivateMariaDB() }
    private static let databases = Atomic<Int>(0)
    private static let password = "a test password"

    /// The one that all tests use which don't stop it; each has a database of its own there.
    package static func shared() throws -> PrivateMariaDB { try sharedResult.get() }

    package let certificate: Certificate
    package let port: Int
    private let folder: TemporaryFolder
    private let clusterOptions: [String]
    private let process = Mutex<ChildProcess?>(nil)

    /// - Parameter isClusterNode: whether it is the one node of a Galera cluster.
    package init(isClusterNode: Bool = false) throws {
        folder = try TemporaryFolder()
        clusterOptions = isClusterNode ? try Self.clusterOptions() : []
        certificate = try Certificate(in: folder.path)
        port = try Port.free()
        try Command.run(
            "mariadb-install-db",
            ["--no-defaults"] + Self.user + [
                "--datadir=\(data)", "--tmpdir=\(folder.path)", "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ])
        try start()
        let connection = Connection(Self.root(socket))
        for host in ["localhost", "127.0.0.1"] {
            try connection.run("CREATE USER media@\(host) IDENTIFIED BY '\(Self.password)'")
            try connection.run("GRANT ALL ON `media\\_%`.* TO media@\(host)")
        }
    }

    deinit {
        process.withLock { $0 = nil }
    }

    package var socket: String { "\(folder.path)/socket" }
    package var log: String { "\(folder.path)/log" }
    private var data: String { "\(folder.path)/data" }
    private static let user = getuid() == 0 ? ["--user=root"] : []

    private static func clusterOptions() throws -> [String] {
        let provider = [
            "gmcast.listen_addr=tcp://127.0.0.1:\(try Port.free())", "ist.recv_addr=127.0.0.1:\(try Port.free())",
            "gcache.size=8M", "pc.wait_prim_timeout=PT1S",
        ]
        return [
            "--wsrep-on=ON", "--wsrep-provider=/usr/lib/galera/libgalera_smm.so", "--wsrep-cluster-address=gcomm://",
            "--wsrep-node-address=127.0.0.1", "--wsrep-provider-options=\(provider.joined(separator: ";"))",
            "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
        ]
    }

    /// Starts the server and waits until it answers.
    package func start() throws {
        let server = try ChildProcess(
            "mariadbd",
            ["--no-defaults"] + Self.user + [
                // Servers remove each other's temporary tables where they share a folder for them.
                "--datadir=\(data)", "--tmpdir=\(folder.path)", "--socket=\(socket)", "--bind-address=127.0.0.1",
                "--port=\(port)",
                "--pid-file=\(folder.path)/pid", "--innodb-flush-log-at-trx-commit=1",
                "--innodb-buffer-pool-size=64M", "--character-set-server=utf8mb4", "--max-connections=500",
                "--ssl-cert=\(certificate.certificate)", "--ssl-key=\(certificate.key)",
                "--ssl-ca=\(certificate.certificate)", "--skip-name-resolve",
            ] + clusterOptions, output: log)
        process.withLock { $0 = server }
        let options = Self.root(socket)
        let isUp = eventually(within: 30) {
            server.isRunning && (try? Connection(options).query("SELECT 1") { _ in true }) != nil
        }
        guard isUp else { throw TestFailure("MariaDB did not start; see \(log)") }
    }

    /// Shuts the server down in order.
    package func stop() { process.withLock { _ = $0?.stop(SIGTERM, within: 30) } }

    /// Ends the server as a power cut does.
    package func kill() { process.withLock { _ = $0?.stop(SIGKILL) } }

    /// Lets the server hang: connections are taken and nothing is answered.
    package func pause() throws {
        let isStopped = process.withLock { server in
            guard let server else { return false }
            server.send(SIGSTOP)
            // The signal is only a request: a thread that runs may still answer a statement or two.
            return eventually(within: 30) { ProcessTable.isStopped(server.pid) }
        }
        guard isStopped else { throw TestFailure("MariaDB did not stop; see \(log)") }
    }

    package func resume() { process.withLock { $0?.send(SIGCONT) } }

    package func restart() throws {
        stop()
        try start()
    }

    /// How a client connects that may do everything.
    package static func root(_ socket: String) -> DatabaseOptions {
        DatabaseOptions(
            hosts: [.init("localhost", port: 3306)], socket: socket, user: "root", password: "", database: "mysql",
            tls: .off,
            connectTimeout: 2, answerTimeout: 30)
    }

    /// How the service connects.
    package func options(database: String) -> DatabaseOptions {
        var options = Self.root(socket)
        options.user = "media"
        options.password = Self.password
        options.database = database
        options.answerTimeout = 5
        return options
    }

    /// Makes an empty database.
    package func makeDatabase() throws -> DatabaseOptions {
        let name = "media_\(Self.databases.add(1, ordering: .relaxed).newValue)"
        try Connection(Self.root(socket)).run("CREATE DATABASE \(name)")
        return options(database: name)
    }

    /// Makes a database with the schema of this build.
    package func makeMigratedDatabase() throws -> DatabaseOptions {
        let options = try makeDatabase()
        try Migrator(Connection(options), holder: "tests").migrate { _ in }
        return options
    }
}
