internal import CMariaDB

/// One open connection of the client library, closed when it is let go.
@safe
final class Session {
    private let handle: UnsafeMutablePointer<MYSQL>
    private let buffers = RowBuffers()

    /// Prepares the client library, once in a process.
    private static let isLibraryReady: Bool = mysql_server_init(0, nil, nil) == 0

    /// Connects.
    ///
    /// - Parameter host: which of the options' hosts; without meaning where there is a socket.
    init(_ options: DatabaseOptions, host: Int) throws(MariaDBError) {
        precondition(Self.isLibraryReady, "MariaDB's client library can't be prepared")
        guard let handle = unsafe mysql_init(nil) else {
            throw MariaDBError(code: .init(rawValue: 2008), message: "out of memory")
        }
        unsafe self.handle = handle
        unsafe media_mysql_option_uint(handle, MYSQL_OPT_CONNECT_TIMEOUT, options.connectTimeout)
        unsafe media_mysql_option_uint(handle, MYSQL_OPT_READ_TIMEOUT, options.answerTimeout)
        unsafe media_mysql_option_uint(handle, MYSQL_OPT_WRITE_TIMEOUT, options.answerTimeout)
        unsafe media_mysql_option_uint(handle, MYSQL_OPT_LOCAL_INFILE, 0)
        unsafe media_mysql_option_string(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        // The server ends what runs too long before it looks like a server that hangs.
        unsafe media_mysql_option_string(
            handle, MYSQL_INIT_COMMAND,
            """
            SET SESSION time_zone = '+00:00', tx_isolation = 'REPEATABLE-READ', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
            innodb_lock_wait_timeout = \(max(1, options.answerTimeout - 1)), \
            max_statement_time = \(Double(options.answerTimeout) * 0.9)
            """)
        switch options.tls {
        case .off: unsafe media_mysql_option_bool(handle, MYSQL_OPT_SSL_ENFORCE, 0)
        case .encrypted:
            unsafe media_mysql_option_bool(handle, MYSQL_OPT_SSL_ENFORCE, 1)
            unsafe media_mysql_option_bool(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, 0)
        case .verified(let authority):
            unsafe media_mysql_option_bool(handle, MYSQL_OPT_SSL_ENFORCE, 1)
            unsafe media_mysql_option_bool(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, 1)
            if let authority { unsafe media_mysql_option_string(handle, MYSQL_OPT_SSL_CA, authority) }
        }
        // Updates report the rows they matched, not only those they changed.
        let flags = UInt(CLIENT_FOUND_ROWS)
        let host = options.socket == nil ? options.hosts[host] : nil
        let connected = unsafe mysql_real_connect(
            handle, host?.name, options.user, options.password, options.database, host?.port ?? 0, options.socket,
            flags)
        guard unsafe connected != nil else {
            throw error()
        }
        try waitForOthers()
    }

    /// On a node of a Galera cluster, has each read and each transaction begin with all that was committed on any node before: a file that
    /// was deleted by another host is gone here too (`wsrep_sync_wait`: reads, updates and inserts). Elsewhere it changes nothing.
    private func waitForOthers() throws(MariaDBError) {
        do {
            try run("SET SESSION wsrep_sync_wait = 7")
        } catch {
            guard error.code == .unknownVariable else { throw error }
        }
    }

    /// Makes sure that a node has its cluster.
    ///
    /// - Throws: `notInCluster`.
    func requireCluster() throws(MariaDBError) {
        // A node without says so of any statement that may see data.
        try run("START TRANSACTION")
        try run("COMMIT")
    }

    deinit {
        unsafe mysql_close(handle)
    }

    /// Runs one statement that gives no rows.
    func run(_ sql: String) throws(MariaDBError) {
        guard unsafe mysql_real_query(handle, sql, UInt(sql.utf8.count)) == 0 else { throw error() }
    }

    func prepare(_ sql: String) throws(MariaDBError) -> Statement {
        guard let statement = unsafe mysql_stmt_init(handle) else { throw error() }
        return try unsafe Statement(statement, sql: sql, buffers)
    }

    private func error() -> MariaDBError {
        MariaDBError(
            code: .init(rawValue: unsafe mysql_errno(handle)), sqlState: unsafe String(cString: mysql_sqlstate(handle)),
            message: unsafe String(cString: mysql_error(handle)))
    }
}
