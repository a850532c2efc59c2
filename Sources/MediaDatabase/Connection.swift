/// A thread's connection to MariaDB: made when first needed, and again after the server went away.
package final class Connection {
    private let options: DatabaseOptions
    private var session: Session?
    private var statements: [String: Statement] = [:]
    private var isInTransaction = false

    /// Called for each connection that was lost and each transaction that is tried again.
    package var onRetry: (MariaDBError) -> Void = { _ in }

    package init(_ options: DatabaseOptions) {
        self.options = options
    }

    /// Rows of a statement that changes nothing.
    ///
    /// Where the server has gone away since the last statement, it is asked once more on a new connection, unless a
    /// transaction is open.
    package func query<T>(
        _ sql: String, _ parameters: [Value] = [], _ map: (Row) throws(MariaDBError) -> T
    ) throws(MariaDBError) -> [T] {
        let isFresh = session == nil
        let start = ContinuousClock.now
        do {
            return try statement(sql).query(parameters, map)
        } catch {
            let isLost = discardIfLost(error)
            // A new connection that fails says that the server is down, and a loss that took its time says that it
            // hangs: asking again would only make the caller wait twice.
            guard isLost, !isFresh, !isInTransaction, start.duration(to: .now) < .seconds(1) else { throw error }
            onRetry(error)
        }
        do {
            return try statement(sql).query(parameters, map)
        } catch {
            discardIfLost(error)
            throw error
        }
    }

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
                guard error.code != .outcomeUnknown, attempt < 6,
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
        do {
            try connected().run(sql)
        } catch {
            discardIfLost(error)
            throw error
        }
    }

    /// Closes the connection; the next statement makes a new one.
    package func close() {
        statements.removeAll()
        session = nil
    }

    private func attemptTransaction<T>(_ body: (Connection) throws -> T) throws -> T {
        try run("START TRANSACTION")
        isInTransaction = true
        defer { isInTransaction = false }
        let result: T
        do {
            result = try body(self)
        } catch {
            rollBack(after: error)
            throw error
        }
        do {
            try connected().run("COMMIT")
        } catch {
            guard discardIfLost(error) else {
                rollBack(after: error)
                throw error
            }
            throw MariaDBError(code: .outcomeUnknown, sqlState: error.sqlState, message: error.message)
        }
        return result
    }

    private func rollBack(after error: any Error) {
        if let error = error as? MariaDBError, discardIfLost(error) { return }
        do {
            try session?.run("ROLLBACK")
        } catch {
            // The server rolls back what its lost connections left.
            close()
        }
    }

    @discardableResult
    private func discardIfLost(_ error: MariaDBError) -> Bool {
        guard error.isConnectionLoss else { return false }
        close()
        return true
    }

    private func connected() throws(MariaDBError) -> Session {
        if let session { return session }
        let new = try Session(options)
        session = new
        return new
    }

    private func statement(_ sql: String) throws(MariaDBError) -> Statement {
        if let statement = statements[sql] { return statement }
        let statement = try connected().prepare(sql)
        statements[sql] = statement
        return statement
    }
}
