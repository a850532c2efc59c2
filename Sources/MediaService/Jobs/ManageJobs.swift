package import MediaCore
import MediaDatabase

/// Jobs as the operator handles them.
package struct ManageJobs {
    private let context: Context

    package init(context: Context) {
        self.context = context
    }

    /// - Returns: whether there is such a job that can be done once more.
    package func retry(_ id: MediaID) throws -> Bool {
        try context.connection.transaction { connection in
            guard let job = try JobQueue(connection).find(id), try JobQueue(connection).retry(id) else { return false }
            try JobRunner.handler(job.kind).revive(job, connection)
            return true
        }
    }

    /// - Returns: whether there is such a job that had not ended.
    package func cancel(_ id: MediaID) throws -> Bool {
        guard let job = try JobQueue(context.connection).find(id) else { return false }
        guard try context.connection.transaction({ try JobQueue($0).cancel(id) }) else { return false }
        // One that runs is settled by its worker.
        if job.state == .waiting { try JobRunner.handler(job.kind).giveUp(job, "It was cancelled.", context) }
        return true
    }
}
