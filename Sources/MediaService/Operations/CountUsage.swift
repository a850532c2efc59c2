import MediaCore
import MediaDatabase

/// Counts what files take, and holds it to its limits.
struct CountUsage {
    let environment: Environment

    private func limit(_ setting: Setting) -> Int64? {
        let number = environment.configuration.number(setting)
        return number > 0 ? Int64(number) : nil
    }

    var userQuota: Quota { Quota(bytes: limit(.userBytes), files: limit(.userFiles)) }
    var totalQuota: Quota { Quota(bytes: limit(.totalBytes), files: limit(.totalFiles)) }

    /// Counts a change within the transaction that makes it; last, since others wait for the rows.
    ///
    /// - Throws: 413 or 507 where it makes more of what is too much by then.
    func add(_ change: Usage, of userID: String, _ connection: Connection) throws {
        let repository = UsageRepository(connection)
        try repository.add(change, of: userID)
        guard change.isGrowth else { return }
        if userQuota.isLimited, let excess = userQuota.excess(of: try repository.usage(of: userID)) {
            throw Problem.quotaExceeded(excess)
        }
        if totalQuota.isLimited, let excess = totalQuota.excess(of: try repository.total()) {
            throw Problem.totalQuotaExceeded(excess)
        }
    }

    /// Whether a user's upload would go beyond their limits, before it is taken in.
    func check(_ change: Usage, of userID: String, _ connection: Connection) throws {
        guard userQuota.isLimited else { return }
        let usage = try UsageRepository(connection).usage(of: userID)
        if let excess = userQuota.excess(of: usage + change) { throw Problem.quotaExceeded(excess) }
    }
}
