import MediaDatabase

extension Context {
    /// Does what follows a commit. Where the database can't be reached by then, no answer may say that nothing was done.
    ///
    /// - Throws: what `body` throws, a loss of the database as one whose outcome is unknown.
    func afterCommit<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as MariaDBError where error.isConnectionLoss || error.isTransient {
            throw MariaDBError(code: .outcomeUnknown, sqlState: error.sqlState, message: error.message)
        }
    }
}
