package import MediaCore

/// Brings a database to the schema of this build.
package struct Migrator {
    /// What is known of a migration.
    package enum State: Equatable, Sendable {
        case pending
        case applied(at: Timestamp)
        /// It was started and not noted as done; it will run again.
        case interrupted
        /// What was applied is not what this build has under the number.
        case changed
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let connection: Connection
    private let migrations: [Migration]
    /// Who holds the lease while migrations run.
    private let holder: String

    /// - Parameter holder: a name for this process that no other has, such as host and process id.
    package init(_ connection: Connection, migrations: [Migration] = Migration.embedded, holder: String) {
        self.connection = connection
        self.migrations = migrations
        self.holder = holder
    }

    /// Every migration of this build and where it stands; changes nothing.
    package func status() throws -> [(migration: Migration, state: State)] {
        struct Applied {
            var checksum: String
            var finishedAt: Timestamp?
        }
        var applied: [Int: Applied] = [:]
        do {
            let rows = try connection.query("SELECT version, checksum, finished_at FROM schema_migrations") {
                (row) throws(MariaDBError) in
                (Int(try row.integer(0)), Applied(checksum: try row.text(1), finishedAt: row.optionalTimestamp(2)))
            }
            applied = Dictionary(uniqueKeysWithValues: rows)
        } catch {
            guard error.code == .noSuchTable else { throw error }
        }
        return try migrations.map { migration in
            guard let row = applied[migration.version] else { return (migration, .pending) }
            guard try checksum(migration) == row.checksum else { return (migration, .changed) }
            return (migration, row.finishedAt.map(State.applied) ?? .interrupted)
        }
    }

    /// Applies what is pending.
    ///
    /// - Parameters:
    ///   - wait: seconds to wait for another host that is migrating.
    ///   - onApply: called before each migration.
    /// - Throws: `Failure` where an applied migration isn't the one of this build, or another host holds the lease.
    package func migrate(wait: Int = 60, onApply: (Migration) -> Void) throws {
        try prepare()
        try acquireLease(wait: wait)
        defer { releaseLease() }
        for (migration, state) in try status() {
            switch state {
            case .applied: continue
            case .changed:
                throw Failure(
                    description: "migration \(migration.version) (\(migration.name)) was applied with another text; "
                        + "migrations are append-only, so put the old text back and add a new one")
            case .pending, .interrupted:
                onApply(migration)
                try apply(migration)
            }
        }
    }

    private func prepare() throws {
        try connection.run(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version INT NOT NULL PRIMARY KEY,
                name VARCHAR(100) NOT NULL,
                checksum CHAR(64) NOT NULL,
                started_at DATETIME(3) NOT NULL,
                finished_at DATETIME(3) NULL
            ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin
            """)
        // GET_LOCK is local to one node of a Galera cluster; a row is not.
        try connection.run(
            """
            CREATE TABLE IF NOT EXISTS schema_lease (
                id INT NOT NULL PRIMARY KEY,
                holder VARCHAR(191) NOT NULL,
                expires_at DATETIME(3) NOT NULL
            ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin
            """)
        try connection.run("INSERT IGNORE INTO schema_lease VALUES (1, '', '1970-01-01')")
    }

    private func acquireLease(wait: Int) throws {
        for second in 0...wait {
            if try renewLease() { return }
            if second < wait { Pause.seconds(1) }
        }
        throw Failure(description: "another host is migrating the database and has not finished within \(wait) s")
    }

    private func renewLease() throws -> Bool {
        try connection.transaction { connection in
            try connection.execute(
                """
                UPDATE schema_lease SET holder = ?, expires_at = NOW(3) + INTERVAL 10 MINUTE
                WHERE id = 1 AND (holder = ? OR expires_at < NOW(3))
                """, [.text(holder), .text(holder)]) == 1
        }
    }

    private func releaseLease() {
        // Where this fails the lease runs out by itself.
        _ = try? connection.transaction { connection in
            try connection.execute(
                "UPDATE schema_lease SET expires_at = '1970-01-01' WHERE id = 1 AND holder = ?", [.text(holder)])
        }
    }

    private func apply(_ migration: Migration) throws {
        guard try renewLease() else { throw Failure(description: "another host took the migration lease over") }
        let checksum = try checksum(migration)
        try connection.transaction { connection in
            try connection.execute(
                """
                INSERT INTO schema_migrations (version, name, checksum, started_at) VALUES (?, ?, ?, NOW(3))
                ON DUPLICATE KEY UPDATE checksum = VALUES(checksum), started_at = VALUES(started_at)
                """, [.integer(Int64(migration.version)), .text(migration.name), .text(checksum)])
        }
        try connection.run(migration.sql)
        try connection.transaction { connection in
            try connection.execute(
                "UPDATE schema_migrations SET finished_at = NOW(3) WHERE version = ?",
                [.integer(Int64(migration.version))])
        }
    }

    private func checksum(_ migration: Migration) throws -> String {
        let rows = try connection.query("SELECT SHA2(?, 256)", [.text(migration.sql)]) { (row) throws(MariaDBError) in
            try row.text(0)
        }
        return rows.first ?? ""
    }
}
