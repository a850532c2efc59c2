package import Logging
package import MediaCore
package import MediaDatabase

/// What one thread works with: the shared parts and a connection to MariaDB of its own.
package final class Context {
    package let environment: Environment
    package let connection: Connection
    /// The request that is served, as logs name it; empty outside of one.
    package var requestID = ""
    /// The client of that request; empty outside of one.
    package var clientAddress = ""
    /// That request's method and path.
    var target: (method: String, path: [String]) = ("", [])
    package var random = SystemRandomNumberGenerator()
    var linkKeys: LinkKeyCache
    /// The API key that was last seen on this thread, and in which minute.
    var lastUsedKey: (id: String, minute: Int64) = ("", 0)

    package init(_ environment: Environment) {
        self.environment = environment
        linkKeys = LinkKeyCache(environment.linkSecrets)
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

    /// The request in words. Its query isn't there: it may hold a link's signature.
    var requestLine: String { "\(target.method) /\(target.path.joined(separator: "/"))" }

    /// So many bytes from the system's random source.
    func randomBytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        // Each call of the generator is a system call.
        while bytes.count < count {
            let word = random.next()
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return Array(bytes.prefix(count))
    }

    package func now() -> Timestamp { Clock.now() }

    /// A name in the staging folder that no other request has.
    func stagingName() -> String { MediaID(now: now(), using: &random).rawValue }
}
