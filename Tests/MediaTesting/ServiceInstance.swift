import Glibc
package import MediaDatabase
import Synchronization

/// A whole service of its own: workers, housekeeping where asked for, and nginx with the repository's files, put together
/// as deploy/run does it.
package final class ServiceInstance: Sendable {
    private struct Processes {
        var supervisor: ChildProcess?
        var housekeeper: ChildProcess?
        var nginx: ChildProcess?
    }

    package let folders: ServiceFolders
    package let port: Int
    package let mariaDB: PrivateMariaDB
    package let database: DatabaseOptions
    package let baseURL: String
    private let folder: TemporaryFolder
    private let certificate: Certificate?
    private let settings: [String: String]
    private let processes = Mutex(Processes())

    /// Starts an instance and waits until it is ready.
    ///
    /// - Parameters:
    ///   - settings: more than what the instance needs; they win.
    ///   - mariaDB: by default the one that tests share.
    ///   - store: the store's folder, by default a new one.
    ///   - keepsHouse: whether `mediad work` runs too.
    package init(
        settings: [String: String] = [:], mariaDB: PrivateMariaDB? = nil, tls: Bool = false, store: String? = nil,
        keepsHouse: Bool = false
    ) throws {
        self.settings = settings
        folder = try TemporaryFolder()
        folders = try ServiceFolders(folder, store: store)
        port = try Port.free()
        self.mariaDB = try mariaDB ?? .shared()
        database = try self.mariaDB.makeDatabase()
        certificate = tls ? try Certificate(in: "\(folder.path)/tls") : nil
        baseURL = "\(tls ? "https" : "http")://localhost:\(port)"
        try change(settings: [:])
        try mediad("migrate")
        try startWorkers()
        if keepsHouse { try startHousekeeper() }
        try startNginx()
        try waitUntilReady()
    }

    deinit {
        processes.withLock { processes in
            processes.nginx?.stop(SIGTERM, within: 5)
            processes.housekeeper?.stop(SIGKILL)
            guard let supervisor = processes.supervisor else { return }
            let workers = supervisor.children
            supervisor.stop(SIGKILL)
            for worker in workers { kill(worker, SIGKILL) }
        }
    }

    // MARK: Settings and commands

    /// Writes the settings anew; they hold after a reload or a restart.
    package func change(settings more: [String: String]) throws {
        var values = [
            "MEDIA_PUBLIC_URL": baseURL, "MEDIA_STORE_DIR": folders.store, "MEDIA_RUN_DIR": "\(folders.state)/run",
            "MEDIA_HTML_DIR": "\(folders.state)/nginx/html",
            "MEDIA_DATABASE_SOCKET": database.socket ?? "", "MEDIA_DATABASE_PASSWORD": database.password,
            "MEDIA_DATABASE_USER": database.user, "MEDIA_DATABASE_NAME": database.database,
            "MEDIA_LISTEN": "127.0.0.1:\(port)", "MEDIA_ACCESS_LOG": "\(folders.state)/log/access.log",
            // Most tests look at records as they are at once, and have nobody who works on them.
            "MEDIA_PROCESSING": "off", "MEDIA_WORKERS": "2", "MEDIA_STORE_RESERVE_BYTES": "0",
            "MEDIA_LINK_SECRET": "a secret of the tests, of thirty-two characters".filter { $0 != " " && $0 != "," },
            // Most tests look at what a change does at once.
            "MEDIA_DECISION_CACHE": "0", "MEDIA_TOTALS_KEPT": "0",
            // All tests send from one address.
            "MEDIA_ADDRESS_RATE": "0", "MEDIA_KEY_RATE": "0", "MEDIA_ADDRESS_REQUESTS": "0",
        ]
        if let certificate {
            values["MEDIA_TLS_CERTIFICATE"] = certificate.certificate
            values["MEDIA_TLS_KEY"] = certificate.key
        }
        values.merge(settings) { $1 }
        values.merge(more) { $1 }
        let lines = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
        _ = try folder.file("settings.env", Array(lines.joined().utf8))
    }

    /// One of the settings that the instance was made with.
    package func setting(_ name: String) -> String { settings[name] ?? "" }

    package var environment: [String: String] { ["MEDIA_CONFIG_FILE": folders.settings] }

    /// Runs a command of the service, which has to succeed.
    ///
    /// - Returns: what it printed.
    @discardableResult
    package func mediad(_ arguments: String...) throws -> String {
        try Command.run(ServiceFolders.mediad, arguments, environment: environment)
    }

    /// A new API key.
    package func key(_ scopes: String...) throws -> String {
        try mediad("key", "create", "a test", "--scopes", scopes.joined(separator: ","))
    }

    /// A client with a new key that may do everything.
    package func client() throws -> HTTPClient {
        var client = anonymous
        client.key = try key("media:read", "media:write", "media:delete", "media:sign")
        return client
    }

    /// A client that shows no key.
    package var anonymous: HTTPClient {
        HTTPClient(baseURL: baseURL, arguments: certificate.map { ["--cacert", $0.certificate] } ?? [])
    }

    /// A connection to the instance's database.
    package func connection() -> Connection { Connection(database) }

    // MARK: Processes

    package var supervisor: ChildProcess? { processes.withLock { $0.supervisor } }
    package var nginx: ChildProcess? { processes.withLock { $0.nginx } }
    package var workers: [Int32] { supervisor?.children ?? [] }

    /// Starts a supervisor; one that runs already keeps the sockets, so it has to be ended first.
    package func startWorkers() throws {
        let process = try start(ServiceFolders.mediad, ["serve"], log: "serve.log")
        processes.withLock { $0.supervisor = process }
        let isUp = eventually(within: 15) { access("\(folders.state)/run/stream.sock", F_OK) == 0 && process.isRunning }
        guard isUp else { throw TestFailure("the workers did not start: \(folders.log("serve.log"))") }
    }

    package func startHousekeeper() throws {
        let process = try start(ServiceFolders.mediad, ["work"], log: "work.log")
        processes.withLock { $0.housekeeper = process }
    }

    package var housekeeper: ChildProcess? { processes.withLock { $0.housekeeper } }

    /// One more `mediad work`; it ends when it is let go.
    package func startSecondHousekeeper() throws -> ChildProcess {
        try start(ServiceFolders.mediad, ["work"], log: "work.log")
    }

    /// Starts a bridge; it ends when it is let go.
    package func startBridge(_ arguments: String...) throws -> ChildProcess {
        try start(ServiceFolders.mediad, ["bridge"] + arguments, log: "bridge.log")
    }

    package func startNginx() throws {
        try mediad("nginx", "\(folders.state)/nginx/media/instance")
        let process = try start(
            "nginx", nginxArguments(directives: "daemon off;"), log: "nginx.log", deathSignal: "TERM")
        processes.withLock { $0.nginx = process }
    }

    /// nginx's command line; as root its workers stay root, as they have to read what the service's workers write.
    package func nginxArguments(directives: String) -> [String] {
        let user = getuid() == 0 ? "user root;" : ""
        return ["-p", folders.state, "-c", "\(folders.state)/nginx/nginx.conf", "-g", "\(directives) \(user)"]
    }

    /// Kills nginx and its workers at once.
    package func killNginx() {
        guard let nginx else { return }
        let workers = nginx.children
        nginx.stop(SIGKILL)
        for worker in workers { kill(worker, SIGKILL) }
        _ = eventually { !workers.contains(where: ProcessTable.isRunning) }
    }

    package func waitUntilReady(within seconds: Double = 20) throws {
        let client = anonymous
        let isReady = eventually(within: seconds) { (try? client.get("/readyz"))?.status == 200 }
        guard isReady else {
            let logs = ["serve.log", "nginx.log"].map { folders.log($0).suffix(2000) }.joined(separator: "\n")
            throw TestFailure("the service does not get ready:\n\(logs)")
        }
    }

    private func start(
        _ executable: String, _ arguments: [String], log: String, deathSignal: String = "KILL"
    ) throws -> ChildProcess {
        try ChildProcess(
            executable, arguments, environment: environment, output: "\(folders.state)/log/\(log)",
            deathSignal: deathSignal)
    }
}
