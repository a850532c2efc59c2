internal import CMariaDB

/// An error of MariaDB or of the connection to it.
package struct MariaDBError: Error, Equatable, CustomStringConvertible {
    /// The number of an error, as the server (1000 and up) or the client library (2000 to 2999) gives it.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// A row with this key exists. The corresponding error is `ER_DUP_ENTRY`.
        package static let duplicateKey = Code(rawValue: UInt32(ER_DUP_ENTRY))
        /// The transaction was rolled back in favour of another. The corresponding error is `ER_LOCK_DEADLOCK`.
        package static let deadlock = Code(rawValue: UInt32(ER_LOCK_DEADLOCK))
        /// A row stayed locked too long. The corresponding error is `ER_LOCK_WAIT_TIMEOUT`.
        package static let lockWaitTimeout = Code(rawValue: UInt32(ER_LOCK_WAIT_TIMEOUT))
        /// A row was changed since the transaction began. The corresponding error is `ER_CHECKREAD`.
        package static let changedSince = Code(rawValue: UInt32(ER_CHECKREAD))
        /// The table or view doesn't exist. The corresponding error is `ER_NO_SUCH_TABLE`.
        package static let noSuchTable = Code(rawValue: UInt32(ER_NO_SUCH_TABLE))
        /// The statement ran longer than the session allows. The corresponding error is `ER_STATEMENT_TIMEOUT`.
        package static let statementTimeout = Code(rawValue: UInt32(ER_STATEMENT_TIMEOUT))
        /// The server is shutting down. The corresponding error is `ER_SERVER_SHUTDOWN`.
        package static let serverShutdown = Code(rawValue: UInt32(ER_SERVER_SHUTDOWN))
        /// The connection was ended by the server. The corresponding error is `ER_CONNECTION_KILLED`.
        package static let connectionKilled = Code(rawValue: UInt32(ER_CONNECTION_KILLED))
        /// A node of a Galera cluster has lost the others, or isn't one of them yet. The corresponding error is `ER_UNKNOWN_COM_ERROR`.
        package static let notInCluster = Code(rawValue: UInt32(ER_UNKNOWN_COM_ERROR))
        /// The variable isn't one of the server's. The corresponding error is `ER_UNKNOWN_SYSTEM_VARIABLE`.
        package static let unknownVariable = Code(rawValue: UInt32(ER_UNKNOWN_SYSTEM_VARIABLE))
        /// The server takes no more connections. The corresponding error is `ER_CON_COUNT_ERROR`.
        package static let tooManyConnections = Code(rawValue: UInt32(ER_CON_COUNT_ERROR))
        /// The server wasn't asked, since it hangs. A number of our own.
        package static let hanging = Code(rawValue: 2999)
        /// A value came back in a form that its column can't have; the schema isn't the one expected.
        package static let unexpectedValue = Code(rawValue: 0)
        /// A commit was sent and its answer never came: the transaction may have happened or not.
        package static let outcomeUnknown = Code(rawValue: 1)
    }

    package let code: Code
    package let sqlState: String
    package let message: String

    package init(code: Code, sqlState: String = "HY000", message: String) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
    }

    package var description: String { "MariaDB error \(code.rawValue) (\(sqlState)): \(message)" }

    /// Whether the connection is gone, never came to be, or is one to a server that is none by itself.
    package var isConnectionLoss: Bool {
        (2000..<3000).contains(code.rawValue)
            || [.serverShutdown, .connectionKilled, .tooManyConnections, .notInCluster].contains(code)
    }

    /// Whether the same transaction may succeed at once: it lost against another and was rolled back.
    package var isTransient: Bool { [.deadlock, .lockWaitTimeout, .changedSince].contains(code) }

    package static func ~= (code: Code, error: MariaDBError) -> Bool { error.code == code }
}
