import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// `mediad doctor`, on services that are well and on ones with something wrong.
@Suite(.serialized) struct DoctorTests {
    /// What the doctor says; `keeps` names the findings by subject, state first.
    private func findings(_ instance: ServiceInstance) throws -> [JSON] {
        let command = try Command(
            ServiceFolders.mediad, ["doctor", "--json", "--nginx", "\(instance.folders.state)/nginx/media/instance"],
            environment: instance.environment)
        let findings = try command.text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
        let hasFault = findings.contains { $0.text("state") == "fault" }
        #expect(command.status == (hasFault ? 1 : 0), "\(command.text)\(command.errors)")
        for finding in findings where finding.text("state") != "ok" {
            #expect(!finding.text("mend").isEmpty, "\(finding.text)")
        }
        return findings
    }

    private func expect(
        _ state: String, _ subject: String, _ text: String, in findings: [JSON],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let isThere = findings.contains {
            $0.text("state") == state && $0.text("subject") == subject && $0.text("text").contains(text)
        }
        #expect(isThere, "\(findings.map(\.text))", sourceLocation: sourceLocation)
    }

    @Test("a service that is well has no fault, and hears of no more than its host's shortcomings")
    func well() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_JWT_SECRET": TestIssuer.secret], keepsHouse: true)
        _ = try instance.key("media:read")
        let found = try findings(instance)
        #expect(!found.contains { $0.text("state") == "fault" }, "\(found.map(\.text))")
        for (subject, text) in [
            ("database", "reachable"), ("schema", "up to date"), ("rights", "read and write"), ("store", "takes files"),
            ("processes", "'mediad serve' runs"), ("processes", "'mediad work' runs"), ("processes", "readyz"),
            ("nginx", "modules"), ("nginx", "user"), ("nginx", "settings"), ("links", "signed"), ("tokens", "1 keys"),
            ("API keys", "1 in use"), ("limits", "open files"),
        ] {
            expect("ok", subject, text, in: found)
        }
        // Nothing that it tried is left.
        for folder in ["incoming", "staging", "objects", "public"] { #expect(instance.folders.files(folder).isEmpty) }
        let text = try instance.mediad("doctor")
        #expect(text.contains("ok       database: reachable") && !text.contains(TestIssuer.secret))
    }

    @Test("what isn't running, isn't there or isn't what the settings say")
    func stopped() throws {
        let instance = try ServiceInstance()
        instance.supervisor?.stop(SIGTERM)
        try instance.change(settings: [
            "MEDIA_CLIENT_TIMEOUT": "77", "MEDIA_LINK_SECRET": "", "MEDIA_JWT_KEYS_FILE": "/nothing/there.json",
        ])
        chmod("\(instance.folders.state)/run", 0o755)
        let found = try findings(instance)
        expect("fault", "processes", "'mediad serve' doesn't run", in: found)
        expect("fault", "processes", "no good answer from outside", in: found)
        expect("warning", "processes", "'mediad work' doesn't run", in: found)
        expect("fault", "nginx", "server in ", in: found)
        expect("fault", "run folder", "open to everybody", in: found)
        expect("warning", "links", "without a secret", in: found)
        expect("fault", "tokens", "/nothing/there.json", in: found)
        expect("warning", "API keys", "there is none", in: found)
    }

    @Test("a store that takes no files, or has no room")
    func store() throws {
        let instance = try ServiceInstance()
        try instance.change(settings: ["MEDIA_STORE_RESERVE_BYTES": "1000T"])
        expect("fault", "room", "uploads get 507", in: try findings(instance))
        try instance.change(settings: ["MEDIA_UPLOAD_MAX_BYTES": "1000T"])
        expect("warning", "room", "less than one upload", in: try findings(instance))
        rename("\(instance.folders.store)/objects", "\(instance.folders.store)/elsewhere")
        expect("fault", "store", "objects", in: try findings(instance))
        let system = try TemporaryFileSystem(size: "64m")
        try instance.change(settings: ["MEDIA_STORE_DIR": "\(system.path)/store"])
        try instance.mediad("work", "--once")
        expect("warning", "store", "tmpfs", in: try findings(instance))
        rmdir("\(system.path)/store/public")
        symlink("\(instance.folders.store)/public", "\(system.path)/store/public")
        let elsewhere = try findings(instance).first { $0.text("subject") == "store" && $0.text("state") == "fault" }
        #expect(elsewhere?.text("mend").contains("one file system") == true)
    }

    @Test("a database that is away, refuses, is of another build, or forgets what it commits")
    func database() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(mariaDB: server)
        let root = Connection(PrivateMariaDB.root(server.socket))
        try root.run("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
        try root.run("SET GLOBAL max_connections = 20")
        try root.run("SET GLOBAL max_allowed_packet = 1048576")
        let careless = try findings(instance)
        expect("fault", "settings", "lost in a power cut", in: careless)
        expect("warning", "settings", "max_connections is 20", in: careless)
        expect("fault", "settings", "max_allowed_packet", in: careless)
        try root.run("DELETE FROM `\(instance.database.database)`.schema_migrations WHERE version = 1")
        expect("fault", "schema", "1 migrations aren't applied", in: try findings(instance))
        try root.run(
            "INSERT INTO `\(instance.database.database)`.publications VALUES ('c00000000000000000000000a', '2000-01-01')"
        )
        expect("warning", "housekeeping", "1 public links", in: try findings(instance))
        try root.run("SET GLOBAL read_only = ON")
        expect("fault", "settings", "read-only", in: try findings(instance))
        expect("fault", "rights", "can't write", in: try findings(instance))
        try instance.change(settings: ["MEDIA_DATABASE_PASSWORD": "wrong"])
        let refused = try findings(instance).first
        #expect(refused?.text("mend").contains("MEDIA_DATABASE_PASSWORD") == true)
        #expect(refused.map { !$0.text.contains("wrong") } == true)
        server.stop()
        try instance.change(settings: [:])
        #expect(try findings(instance).first?.text("mend").contains("Is MariaDB running") == true)
    }

    @Test("a node of Galera: one of few, then one that is cut off")
    func cluster() throws {
        let node = try PrivateMariaDB(isClusterNode: true)
        let instance = try ServiceInstance(mariaDB: node)
        let client = try instance.client()
        expect("warning", "cluster", "1 nodes of Galera", in: try findings(instance))
        let root = Connection(PrivateMariaDB.root(node.socket))
        // Of a cluster that isn't there.
        try root.run("SET GLOBAL wsrep_cluster_address = 'gcomm://127.0.0.1:\(try Port.free())'")
        expect("fault", "cluster", "lost the others (Disconnected", in: try findings(instance))
        #expect(try client.get("/v1/media").status == 503)
    }

    @Test("certificates: their life, their name, their key")
    func certificate() throws {
        let instance = try ServiceInstance(tls: true)
        let folder = "\(instance.folders.state)/tls"
        // Good for two days, as the tests make them, and known to nobody.
        let found = try findings(instance)
        expect("warning", "certificate", "within 21 days", in: found)
        expect("warning", "processes", "no authority has signed", in: found)
        try instance.change(settings: ["MEDIA_PUBLIC_URL": "https://media.example"])
        expect("fault", "certificate", "isn't for media.example", in: try findings(instance))
        try Command.run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", "\(folder)/other.pem"])
        chmod("\(folder)/other.pem", 0o600)
        try instance.change(settings: ["MEDIA_TLS_KEY": "\(folder)/other.pem"])
        expect("fault", "TLS key", "isn't the certificate's", in: try findings(instance))
        chmod("\(folder)/other.pem", 0o644)
        expect("fault", "TLS key", "by everybody", in: try findings(instance))
        try Command.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
                "-subj",
                "/CN=media.example", "-addext", "subjectAltName=DNS:media.example", "-keyout", "\(folder)/long.key",
                "-out", "\(folder)/long.pem",
            ])
        try instance.change(settings: [
            "MEDIA_PUBLIC_URL": "https://media.example", "MEDIA_TLS_CERTIFICATE": "\(folder)/long.pem",
            "MEDIA_TLS_KEY": "\(folder)/long.key",
        ])
        expect("ok", "certificate", "holds", in: try findings(instance))
        let plain = try ServiceInstance(settings: ["MEDIA_PUBLIC_URL": "http://media.example"])
        expect("fault", "certificate", "in the clear", in: try findings(plain))
    }

    @Test("keys that end soon")
    func keys() throws {
        let instance = try ServiceInstance()
        try instance.mediad("key", "create", "ending", "--expires", "3d")
        expect("warning", "API keys", "(ending)", in: try findings(instance))
        try instance.mediad("key", "create", "forever")
        expect("warning", "API keys", "(ending)", in: try findings(instance))
    }
}
