/// A thread's connection to MariaDB: made when first needed, and again after the server went away.
package final class Connection {
    private let options: DatabaseOptions
    private let gate: OutageGate
    private var session: Session?
    /// The one of the options' hosts that the session is with.
    private var host = 0
    /// Whether none of them has let it in, the last time.
    private var isNowhere = false
    private var statements: [String: Statement] = [:] {
        didSet { latest = nil }
    }
    /// The one that was used last, if it is among the others: a thread runs the same one again and again, and its text is found
    /// to be the same where it lies, without a hash of it.
    private var latest: (sql: String, statement: Statement)?
    private var isInTransaction = false
    /// Counts the uses of statements.
    private var uses = 0
    /// How many prepared statements a connection keeps.
    package static let maxStatements = 100

    /// Called for each connection that was lost and each transaction that is tried again.
    package var onRetry: (MariaDBError) -> Void = { _ in }

    /// - Parameter gate: shared by all connections of a process to one server, or to one cluster.
    package init(_ options: DatabaseOptions, gate: OutageGate = OutageGate()) {
        self.options = options
        self.gate = gate
    }

    /// Rows of a statement that changes nothing.
    ///
    /// Where the server has gone away since the last statement, it is asked once more on a new connection, unless a
    /// transaction is open.
    package func query<T>(
        _ sql: String, _ parameters: [Value] = [], _ map: (Row) throws(MariaDBError) -> T
    ) throws(MariaDBError) -> [T] {
        if isInTransaction { return try statement(sql).query(parameters, map) }
        try gate.enter(limit: longestWait)
        let isFresh = session == nil
        let start = ContinuousClock.now
        do {
            let rows = try statement(sql).query(parameters, map)
            gate.open()
            return rows
        } catch {
            // A new connection that fails says that the server is down, and a loss that took its time says that it
            // hangs: asking again would only make the caller wait twice.
            let isWorthIt = !isNowhere && (hasOthers || !isFresh && start.duration(to: .now) < Self.hangingTime)
            guard discardIfLost(error, since: start), isWorthIt else { throw error }
            onRetry(error)
        }
        do {
            let rows = try statement(sql).query(parameters, map)
            gate.open()
            return rows
        } catch {
            discardIfLost(error, since: start)
            throw error
        }
    }

    /// Seconds.
    private var longestWait: UInt32 { options.connectTimeout * UInt32(options.hosts.count) + options.answerTimeout }

    /// Whether there are other hosts than the one that the session is with.
    private var hasOthers: Bool { options.socket == nil && options.hosts.count > 1 }

    /// A connection that is lost after longer than this belongs to a server that hangs.
    private static let hangingTime = Duration.seconds(1)

    /// Runs a statement that changes something, inside a transaction.
    ///
    /// - Returns: how many rows it matched.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [Value] = []) throws(MariaDBError) -> Int {
        precondition(isInTransaction, "a write outside a transaction could not be repeated safely")
        return try statement(sql).execute(parameters)
    }

    /// Runs `body` in a transaction and commits it.
    ///
    /// A transaction that failed before its commit was sent has done nothing, so it is tried again where it lost
    /// against another one (1213, 1205) or where the server had gone away. `body` may run several times.
    ///
    /// - Throws: `.outcomeUnknown` where the commit was sent and no answer came.
    @discardableResult
    package func transaction<T>(_ body: (Connection) throws -> T) throws -> T {
        precondition(!isInTransaction, "transactions don't nest")
        var attempt = 1
        while true {
            do {
                return try attemptTransaction(body)
            } catch let error as MariaDBError {
                guard error.code != .outcomeUnknown, error.code != .hanging, attempt < 6,
                    error.isTransient || (error.isConnectionLoss && attempt < 2)
                else { throw error }
                attempt += 1
                onRetry(error)
                Pause.beforeAttempt(attempt)
            }
        }
    }

    /// Runs one statement by itself, as a migration does.
    package func run(_ sql: String) throws(MariaDBError) {
        let start = ContinuousClock.now
        do {
            try connected().run(sql)
        } catch {
            discardIfLost(error, since: start)
            throw error
        }
    }

    /// Closes the connection; the next statement makes a new one.
    package func close() {
        statements.removeAll()
        session = nil
    }

    private func attemptTransaction<T>(_ body: (Connection) throws -> T) throws -> T {
        try gate.enter(limit: longestWait)
        let start = ContinuousClock.now
        try run("START TRANSACTION")
        gate.open()
        isInTransaction = true
        defer { isInTransaction = false }
        let result: T
        do {
            result = try body(self)
        } catch {
            rollBack(after: error, since: start)
            throw error
        }
        do {
            try connected().run("COMMIT")
        } catch {
            let isLost = discardIfLost(error, since: start)
            // It has lost against another one.
            if !isLost, error.isTransient {
                rollBack(after: error, since: start)
                throw error
            }
            // Nothing else says whether it happened: a node that is cut off from its cluster has error 1180 here.
            if !isLost { leave() }
            throw MariaDBError(code: .outcomeUnknown, sqlState: error.sqlState, message: error.message)
        }
        return result
    }

    private func rollBack(after error: any Error, since start: ContinuousClock.Instant) {
        if let error = error as? MariaDBError, discardIfLost(error, since: start) { return }
        do {
            try session?.run("ROLLBACK")
        } catch {
            // The server rolls back what its lost connections left.
            close()
        }
    }

    /// - Parameter start: when the server was asked, which tells whether it hangs.
    @discardableResult
    private func discardIfLost(_ error: MariaDBError, since start: ContinuousClock.Instant) -> Bool {
        guard error.isConnectionLoss else {
            gate.open()
            return false
        }
        if error.code == .hanging {
            close()
            return true
        }
        let isHanging = start.duration(to: .now) >= Self.hangingTime
        // Of one that has ended a connection it is seen with the next whether it is still there.
        if isHanging || error.code == .notInCluster { leave() } else { close() }
        if isHanging, !hasOthers || isNowhere { gate.close() } else { gate.open() }
        return true
    }

    /// Closes the connection, and has the next ones be to another host.
    private func leave() {
        close()
        gate.leave(host, of: options.hosts.count)
    }

    private func connected() throws(MariaDBError) -> Session {
        if let session { return session }
        // What was done before the loss is rolled back; going on would write the rest by itself.
        guard !isInTransaction else { throw MariaDBError(code: .connectionKilled, message: "lost in a transaction") }
        isNowhere = false
        guard hasOthers else { return try opened(at: 0) }
        let first = gate.host(of: options.hosts.count)
        for index in first..<first + options.hosts.count - 1 {
            do {
                return try opened(at: index % options.hosts.count)
            } catch {
                guard error.isConnectionLoss else { throw error }
                gate.leave(index % options.hosts.count, of: options.hosts.count)
                onRetry(error)
            }
        }
        do {
            return try opened(at: (first + options.hosts.count - 1) % options.hosts.count)
        } catch {
            isNowhere = error.isConnectionLoss
            throw error
        }
    }

    private func opened(at index: Int) throws(MariaDBError) -> Session {
        host = index
        let new = try Session(options, host: index)
        if hasOthers { try new.requireCluster() }
        session = new
        return new
    }

    private func statement(_ sql: String) throws(MariaDBError) -> Statement {
        uses += 1
        let statement =
            if let latest, latest.sql == sql {
                latest.statement
            } else if let known = statements[sql] {
                known
            } else {
                try prepared(sql)
            }
        statement.lastUse = uses
        latest = (sql, statement)
        return statement
    }

    private func prepared(_ sql: String) throws(MariaDBError) -> Statement {
        let statement = try connected().prepare(sql)
        // The server bounds how many statements all its connections hold, and lists have very many forms.
        if statements.count >= Self.maxStatements,
            let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            statements[oldest.key] = nil
        }
        statements[sql] = statement
        return statement
    }
}
