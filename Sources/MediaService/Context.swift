package import Logging
package import MediaCore
package import MediaDatabase

/// What one thread works with: the shared parts and a connection to MariaDB of its own.
package final class Context {
    package let environment: Environment
    package let connection: Connection
    /// The request that is served, as logs name it; empty outside of one.
    package var requestID = ""
    package var random = SystemRandomNumberGenerator()

    package init(_ environment: Environment) {
        self.environment = environment
        connection = Connection(environment.configuration.database, gate: environment.databaseGate)
        connection.onRetry = { [unowned self] error in
            environment.metrics.add(.databaseRetries)
            logger.warning("database retry", metadata: ["error": "\(error)"])
        }
    }

    /// A logger that names the request.
    package var logger: Logger {
        var logger = environment.logger
        if !requestID.isEmpty { logger[metadataKey: "requestId"] = "\(requestID)" }
        return logger
    }

    package func now() -> Timestamp { Clock.now() }
}
