import Glibc
import MediaCore
import MediaDatabase

/// MariaDB: that it is there, that what it has committed survives a power cut, that it has room for all connections.
struct DatabaseCheckup {
    private static let subject = "database"

    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    func findings() -> [Finding] {
        let connection = Connection(configuration.database)
        do {
            let cluster = try cluster(connection)
            // A node that is cut off answers nothing else.
            if let cluster, cluster.state == .fault { return [cluster] }
            let server = try Server(connection)
            return [version(server)] + schema() + [rights(connection)] + settings(server)
                + (cluster.map { [$0] } ?? []) + [clock(server)] + backlog(connection) + stores(connection)
        } catch {
            return [unreachable(error)]
        }
    }

    /// What MariaDB says of itself.
    private struct Server {
        var version: String
        var now: Timestamp
        var flushesAtCommit: Bool
        var writesTwice: Bool
        /// Nil: there is no binary log.
        var binaryLogSyncs: Int64?
        var isReadOnly: Bool
        var maxConnections: Int64
        var maxPacket: Int64
        var maxStatements: Int64

        init(_ connection: Connection) throws(MariaDBError) {
            let rows = try connection.query(
                """
                SELECT VERSION(), NOW(3), @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite, @@log_bin, @@sync_binlog,
                    @@read_only, @@max_connections, @@max_allowed_packet, @@max_prepared_stmt_count
                """
            ) { (row) throws(MariaDBError) in
                (
                    try row.text(0), try row.timestamp(1),
                    try (2..<10).map { (index) throws(MariaDBError) in try row.integer(index) }
                )
            }
            guard let (version, now, values) = rows.first else {
                throw MariaDBError(code: .unexpectedValue, message: "no row")
            }
            self.version = version
            self.now = now
            flushesAtCommit = values[0] == 1
            writesTwice = values[1] != 0
            binaryLogSyncs = values[2] == 0 ? nil : values[3]
            isReadOnly = values[4] != 0
            maxConnections = values[5]
            maxPacket = values[6]
            maxStatements = values[7]
        }
    }

    private func unreachable(_ error: MariaDBError) -> Finding {
        let mend =
            switch error.code.rawValue {
            case 1044, 1045, 1698:
                "Check MEDIA_DATABASE_USER and MEDIA_DATABASE_PASSWORD, and GRANT ALL on the database to that user."
            case 1049: "CREATE DATABASE `\(configuration.text(.databaseName))`, then run 'mediad migrate'."
            case 1040, 1203: "MariaDB takes no more connections: raise max_connections."
            default: "Is MariaDB running, and are MEDIA_DATABASE_SOCKET, or _HOST and _PORT, what it listens on?"
            }
        return .fault(Self.subject, "can't be used: \(error)", mend: mend)
    }

    private func version(_ server: Server) -> Finding {
        let numbers = server.version.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        // What the statements need: SKIP LOCKED and the collations.
        guard numbers.count == 2, (numbers[0], numbers[1]) >= (10, 6), server.version.contains("MariaDB") else {
            return .fault(
                Self.subject, "version \(server.version)", mend: "Use MariaDB 10.6 or later; 10.11 is what is tested.")
        }
        return .ok(Self.subject, "reachable, version \(server.version)")
    }

    private func schema() -> [Finding] {
        do {
            let pending = try Migrations(configuration).status().filter { !$0.isApplied }
            guard let first = pending.first else { return [.ok("schema", "up to date")] }
            return [
                .fault(
                    "schema", "\(pending.count) migrations aren't applied, the first: \(first.text)",
                    mend: "Run 'mediad migrate'.")
            ]
        } catch {
            return [.fault("schema", "can't be read: \(error)", mend: "Run 'mediad migrate'.")]
        }
    }

    private func rights(_ connection: Connection) -> Finding {
        do {
            try connection.transaction { connection in
                try connection.execute("DELETE FROM uploads WHERE FALSE")
                try connection.execute("INSERT INTO uploads SELECT * FROM uploads WHERE FALSE")
                try connection.execute("UPDATE uploads SET created_at = created_at WHERE FALSE")
            }
            return .ok("rights", "the service's user may read and write")
        } catch {
            return .fault(
                "rights", "can't write: \(error)",
                mend: "GRANT ALL on `\(configuration.text(.databaseName))` to the user of MEDIA_DATABASE_USER.")
        }
    }

    private func settings(_ server: Server) -> [Finding] {
        var findings: [Finding] = []
        func require(_ isRight: Bool, _ text: String, _ mend: String, isFault: Bool = false) {
            if isRight { return }
            findings.append(
                isFault ? .fault("settings", text, mend: mend) : .warning("settings", text, mend: mend))
        }
        require(
            server.flushesAtCommit, "a commit may be lost in a power cut",
            "Set innodb_flush_log_at_trx_commit = 1 in MariaDB's [mysqld] section.", isFault: true)
        require(
            server.writesTwice, "a page half written in a power cut can't be repaired", "Set innodb_doublewrite = ON.")
        require(
            server.binaryLogSyncs ?? 1 == 1, "the binary log may lose commits in a power cut",
            "Set sync_binlog = 1: a replica would have other records than this server.")
        require(!server.isReadOnly, "read-only", "Set read_only = OFF, or name the primary server.", isFault: true)
        let needed = Int64(connections)
        require(
            server.maxConnections >= needed,
            "max_connections is \(server.maxConnections), and a reload needs up to \(needed)",
            "Set max_connections = \(needed + 50), or lower MEDIA_WORKERS or the threads.")
        // Idempotency answers are up to 1 MiB; a record's metadata goes out and into the audit log.
        let packet = Int64(max(4 << 20, configuration.number(.metadataBytes) * 4))
        require(
            server.maxPacket >= packet, "max_allowed_packet is \(server.maxPacket) bytes",
            "Set max_allowed_packet = \(packet >> 20)M.", isFault: true)
        require(
            server.maxStatements >= needed * Int64(Connection.maxStatements),
            "max_prepared_stmt_count is \(server.maxStatements)",
            "Set max_prepared_stmt_count = \(needed * Int64(Connection.maxStatements)).")
        return findings.isEmpty ? [.ok("settings", "MariaDB keeps what it commits and has room for us")] : findings
    }

    /// How many the workers may have while those of a reload start, with some for commands and housekeeping.
    private var connections: Int {
        let threads = configuration.number(.apiThreads) + configuration.number(.uploadThreads)
        return 2 * configuration.workerCount * (threads + 1) + 10
    }

    /// Of a node of a Galera cluster, how the cluster stands; nil of a server that is none.
    private func cluster(_ connection: Connection) throws(MariaDBError) -> Finding? {
        let subject = "cluster"
        do {
            // What a node says of itself waits for nothing from the others.
            try connection.run("SET SESSION wsrep_sync_wait = 0")
        } catch {
            guard error.code == .unknownVariable else { throw error }
            return nil
        }
        let names = "'wsrep_on', 'wsrep_ready', 'wsrep_cluster_status', 'wsrep_cluster_size'"
        let rows = try connection.query(
            """
            SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN (\(names))
            UNION ALL
            SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME IN (\(names))
            """
        ) { (row) throws(MariaDBError) in (try row.text(0).lowercased(), try row.text(1)) }
        let status = Dictionary(rows, uniquingKeysWith: { first, _ in first })
        guard status["wsrep_on"] == "ON" else { return nil }
        let size = status["wsrep_cluster_size"] ?? "?"
        guard status["wsrep_ready"] == "ON", status["wsrep_cluster_status"] == "Primary" else {
            return .fault(
                subject,
                "the node has lost the others (\(status["wsrep_cluster_status"] ?? "no status"), \(size) of them)",
                mend: "Name its other nodes in MEDIA_DATABASE_HOST, too, and look into this one's log.")
        }
        guard let count = Int(size), count > 2 else {
            return .warning(
                subject, "\(size) nodes of Galera: with one of them away the rest can't tell that it isn't cut off",
                mend: "Add a third node, or Galera's arbitrator (garbd).")
        }
        return .ok(subject, "a node of Galera, one of \(size)")
    }

    private func clock(_ server: Server) -> Finding {
        let seconds = Double(abs(server.now.milliseconds - Clock.now().milliseconds)) / 1000
        guard seconds > 2 else { return .ok("clock", "the same here and in MariaDB") }
        return .warning(
            "clock", "MariaDB's is \(seconds) s away from this host's",
            mend: "Synchronise both by NTP (chrony, systemd-timesyncd).")
    }

    /// Files in stores that the settings of this host don't have.
    private func stores(_ connection: Connection) -> [Finding] {
        // Of a file that can't be used its own finding tells.
        guard let stores = try? Stores(configuration), let counts = try? BlobRepository(connection).counts() else {
            return []
        }
        return counts.filter { !stores.names.contains($0.key) }.sorted { $0.key < $1.key }.map { name, count in
            .fault(
                "store \(name)", "holds \(count) files and isn't in MEDIA_STORES_FILE: nobody can have them here",
                mend: "Describe it there again, on each host, until 'mediad move' has brought its files elsewhere.")
        }
    }

    /// What `mediad work` should have settled by now.
    private func backlog(_ connection: Connection) -> [Finding] {
        let now = Clock.now()
        let late = 300
        let queues = [
            ("unfinished uploads", "uploads", "created_at", configuration.number(.uploadGrace) + late),
            ("public links", "publications", "created_at", late),
            ("jobs", "jobs", "IF(state = 'WAITING', due_at, NULL)", late),
            ("deleted records", "media", "deleted_at", configuration.number(.retention) + late),
        ]
        do {
            let waiting = try queues.compactMap { (name, table, column, age) throws(MariaDBError) -> String? in
                let count = try connection.query(
                    "SELECT COUNT(*) FROM \(table) WHERE \(column) < ?", [.timestamp(now.adding(seconds: -age))]
                ) { (row) throws(MariaDBError) in try row.integer(0) }.first
                return count.flatMap { $0 > 0 ? "\($0) \(name)" : nil }
            }
            guard !waiting.isEmpty else { return [.ok("housekeeping", "nothing waits for it")] }
            return [
                .warning(
                    "housekeeping", "waits for too long: \(waiting.joined(separator: ", "))",
                    mend: "Is 'mediad work' running? Its log says what it can't do.")
            ]
        } catch {
            // Without its tables, which the schema's finding has said.
            return []
        }
    }
}
