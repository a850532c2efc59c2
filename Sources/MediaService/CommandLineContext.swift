package import MediaCore
import MediaDatabase

/// What commands of the operator work with: counters of their own process.
package enum CommandLineContext {
    package static func make(_ configuration: Configuration) throws -> Context {
        Context(try Environment(configuration: configuration, metrics: Metrics()))
    }
}

extension Context {
    /// Removes entries of the audit log, which the log then says.
    ///
    /// - Returns: how many.
    package func pruneAudit(before moment: Timestamp) throws -> Int {
        var count = 0
        while case let removed = try connection.transaction({ connection in
            try AuditRepository(connection).prune(before: moment, limit: 5000)
        }), removed > 0 {
            count += removed
        }
        try connection.transaction { connection in
            try audit(.prune, Caller.operator.name, detail: "\(count) entries before \(moment.iso8601)", connection)
        }
        return count
    }

    /// Makes a signed link.
    ///
    /// - Returns: its URL.
    package func signLink(_ order: SignLinks.Order) throws -> String {
        try SignLinks(context: self).run([order], .operator)[0].get().url
    }
}
