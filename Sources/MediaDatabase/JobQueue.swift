package import MediaCore

/// Work that waits, and who does what of it.
///
/// Leases end, and jobs become due, by the server's clock, which all hosts share.
package struct JobQueue {
    private static let columns = """
        id, kind, subject, user_id, payload, state, priority, attempts, due_at, progress, failure, created_at, ended_at
        """

    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    package func add(_ job: Job) throws(MariaDBError) {
        try connection.execute(
            """
            INSERT INTO jobs (id, kind, subject, user_id, payload, priority, due_at, created_at)
            VALUES (?, ?, ?, ?, ?, ?, NOW(3), ?)
            """,
            [
                .text(job.id), .text(job.kind.rawValue), .text(job.subject), .text(job.userID), .text(job.payload.text),
                .integer(job.priority), .timestamp(job.createdAt),
            ])
    }

    package func find(_ id: MediaID) throws(MariaDBError) -> Job? {
        try connection.query("SELECT \(Self.columns) FROM jobs WHERE id = ?", [.text(id)], Self.job).first
    }

    /// The jobs of a record or upload, the newest first.
    package func jobs(of subject: MediaID) throws(MariaDBError) -> [Job] {
        try connection.query(
            "SELECT \(Self.columns) FROM jobs WHERE subject = ? ORDER BY id DESC", [.text(subject)], Self.job)
    }

    /// - Parameter state: nil: any.
    package func list(_ state: Job.State?, limit: Int) throws(MariaDBError) -> [Job] {
        try connection.query(
            """
            SELECT \(Self.columns) FROM jobs \(state == nil ? "" : "WHERE state = ?") ORDER BY id DESC LIMIT ?
            """, (state.map { [.text($0.rawValue)] } ?? []) + [.integer(Int64(limit))], Self.job)
    }

    // MARK: Doing

    /// Begins the job that is next: of the user with the fewest that run, the most urgent one.
    ///
    /// - Parameters:
    ///   - perUser: how many of one user's may run at the same time.
    ///   - seconds: for which it is held unless that is renewed.
    package func claim(
        _ kind: Job.Kind, _ holder: LeaseHolder, perUser: Int, seconds: Int
    ) throws(MariaDBError) -> Job? {
        // Read by the index alone, one entry for each user.
        let waiting = try connection.query(
            "SELECT user_id, MIN(priority) FROM jobs WHERE state = 'WAITING' AND kind = ? GROUP BY user_id",
            [.text(kind.rawValue)]
        ) { (row) throws(MariaDBError) in (userID: try row.text(0), priority: try row.integer(1)) }
        if waiting.isEmpty { return nil }
        let running = Dictionary(
            uniqueKeysWithValues: try connection.query(
                "SELECT user_id, COUNT(*) FROM jobs WHERE state = 'RUNNING' AND kind = ? GROUP BY user_id",
                [.text(kind.rawValue)]
            ) { (row) throws(MariaDBError) in (try row.text(0), try row.integer(1)) })
        let order = waiting.map { (userID: $0.userID, priority: $0.priority, running: running[$0.userID] ?? 0) }
            .filter { $0.running < Int64(perUser) }
            .sorted { ($0.running, $0.priority) < ($1.running, $1.priority) }
        for user in order {
            // What another worker takes at this moment is passed over.
            let next = try connection.query(
                """
                SELECT \(Self.columns) FROM jobs
                WHERE state = 'WAITING' AND kind = ? AND user_id = ? AND due_at <= NOW(3)
                ORDER BY priority, due_at LIMIT 1 FOR UPDATE SKIP LOCKED
                """, [.text(kind.rawValue), .text(user.userID)], Self.job)
            guard var job = next.first else { continue }
            try connection.execute(
                """
                UPDATE jobs SET state = 'RUNNING', attempts = attempts + 1, holder = ?, holder_process = ?,
                    held_until = NOW(3) + INTERVAL ? SECOND
                WHERE id = ?
                """, [.bytes(holder.token), .text(holder.process), .integer(Int64(seconds)), .text(job.id)])
            job.state = .running
            job.attempts += 1
            return job
        }
        return nil
    }

    /// Goes on holding a job.
    package func renew(_ id: MediaID, _ token: [UInt8], seconds: Int) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE jobs SET held_until = NOW(3) + INTERVAL ? SECOND
            WHERE id = ? AND holder = ? AND state = 'RUNNING' AND held_until >= NOW(3)
            """, [.integer(Int64(seconds)), .text(id), .bytes(token)])
    }

    /// What a process does, and whether somebody has ended it.
    package func held(
        by process: String
    ) throws(MariaDBError) -> [(id: MediaID, token: [UInt8], isCancelled: Bool)] {
        try connection.query(
            "SELECT id, holder, is_cancelled FROM jobs WHERE holder_process = ? AND state = 'RUNNING' AND held_until >= NOW(3)",
            [.text(process)]
        ) { (row) throws(MariaDBError) in
            (id: try row.value(0) { MediaID($0) }, token: try row.bytes(1), isCancelled: try row.bool(2))
        }
    }

    /// Has others do what lost workers were at.
    ///
    /// - Parameters:
    ///   - isDead: whether a process is known to have ended; what it held is free at once.
    ///   - attempts: after so many a job has failed.
    /// - Returns: the jobs that were lost.
    package func recover(isDead: (String) -> Bool, attempts: Int) throws(MariaDBError) -> [Job] {
        let held = try connection.query(
            "SELECT id, holder_process, held_until < NOW(3) FROM jobs WHERE state = 'RUNNING'"
        ) { (row) throws(MariaDBError) in
            (id: try row.value(0) { MediaID($0) }, process: try row.text(1), isOver: try row.bool(2))
        }
        var lost: [Job] = []
        for (id, process, isOver) in held where isOver || isDead(process) {
            let changed = try connection.execute(
                """
                UPDATE jobs SET state = IF(is_cancelled, 'CANCELLED', IF(attempts >= ?, 'FAILED', 'WAITING')),
                    ended_at = IF(state = 'WAITING', NULL, NOW(3)), due_at = NOW(3),
                    failure = 'Its worker was lost.', holder = NULL, holder_process = NULL, held_until = NULL
                WHERE id = ? AND state = 'RUNNING' AND holder_process = ? AND (held_until < NOW(3) OR ?)
                """, [.integer(Int64(attempts)), .text(id), .text(process), .bool(!isOver)])
            if changed == 1, let job = try find(id) { lost.append(job) }
        }
        return lost
    }

    /// Notes what is known of a job by now.
    ///
    /// - Returns: false where somebody else does it by now.
    @discardableResult
    package func setPayload(_ id: MediaID, _ token: [UInt8], _ payload: JSON) throws(MariaDBError) -> Bool {
        try connection.execute(
            "UPDATE jobs SET payload = ? WHERE id = ? AND holder = ?",
            [.text(payload.text), .text(id), .bytes(token)]) == 1
    }

    package func setProgress(_ id: MediaID, _ token: [UInt8], _ progress: JSON) throws(MariaDBError) {
        try connection.execute(
            "UPDATE jobs SET progress = ? WHERE id = ? AND holder = ?",
            [.text(progress.text), .text(id), .bytes(token)])
    }

    /// Notes how a job has ended.
    ///
    /// - Returns: false where somebody else does it by now.
    @discardableResult
    package func end(
        _ id: MediaID, _ token: [UInt8], _ state: Job.State, failure: String? = nil
    ) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE jobs SET state = ?, failure = ?, ended_at = NOW(3), holder = NULL, holder_process = NULL,
                held_until = NULL
            WHERE id = ? AND holder = ?
            """, [.text(state.rawValue), .optional(failure), .text(id), .bytes(token)]) == 1
    }

    /// Has a job done once more, after some seconds.
    package func postpone(
        _ id: MediaID, _ token: [UInt8], seconds: Int, failure: String?, isAttempt: Bool = true
    ) throws(MariaDBError) {
        try connection.execute(
            """
            UPDATE jobs SET state = IF(is_cancelled, 'CANCELLED', 'WAITING'), failure = ?,
                due_at = NOW(3) + INTERVAL ? SECOND, attempts = attempts - ?,
                ended_at = IF(is_cancelled, NOW(3), NULL), holder = NULL, holder_process = NULL, held_until = NULL
            WHERE id = ? AND holder = ?
            """,
            [
                .optional(failure), .integer(Int64(seconds)), .integer(isAttempt ? 0 : 1), .text(id), .bytes(token),
            ])
    }

    // MARK: From outside

    /// Ends a job: at once where it waits, or else as soon as its worker sees it.
    ///
    /// - Returns: whether it was neither ended nor unknown.
    package func cancel(_ id: MediaID) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE jobs SET is_cancelled = 1, ended_at = IF(state = 'WAITING', NOW(3), NULL),
                state = IF(state = 'WAITING', 'CANCELLED', state)
            WHERE id = ? AND state IN ('WAITING', 'RUNNING')
            """, [.text(id)]) == 1
    }

    /// Has a job done that has failed or was ended, or at once if it waits.
    ///
    /// - Returns: whether there is one.
    package func retry(_ id: MediaID) throws(MariaDBError) -> Bool {
        try connection.execute(
            """
            UPDATE jobs SET state = 'WAITING', attempts = 0, is_cancelled = 0, due_at = NOW(3), ended_at = NULL
            WHERE id = ? AND state IN ('WAITING', 'FAILED', 'CANCELLED')
            """, [.text(id)]) == 1
    }

    /// Notes what is to be known of a job that nobody does.
    package func setPayload(_ id: MediaID, _ payload: JSON) throws(MariaDBError) {
        try connection.execute(
            "UPDATE jobs SET payload = ? WHERE id = ? AND holder IS NULL", [.text(payload.text), .text(id)])
    }

    /// Jobs that have ended undone, and whose uploads or records nobody has told.
    package func untold(limit: Int) throws(MariaDBError) -> [Job] {
        let names = Self.columns.split(separator: ",").map { "j." + $0.drop { $0 == " " || $0 == "\n" } }
        let columns = names.joined(separator: ", ")
        let uploads = try connection.query(
            """
            SELECT \(columns) FROM resumable_uploads u JOIN jobs j ON j.id = u.id
            WHERE j.state IN ('FAILED', 'CANCELLED') AND u.media_id IS NULL AND u.failure IS NULL LIMIT ?
            """, [.integer(Int64(limit))], Self.job)
        // From the few jobs, since there is no index on the records' status alone.
        let records = try connection.query(
            """
            SELECT STRAIGHT_JOIN \(columns) FROM jobs j JOIN media m ON m.id = j.subject
            WHERE j.state IN ('FAILED', 'CANCELLED') AND j.kind = 'process' AND m.status = 'PROCESSING'
                AND NOT EXISTS (SELECT 1 FROM jobs k WHERE k.subject = m.id AND k.state IN ('WAITING', 'RUNNING'))
            LIMIT ?
            """, [.integer(Int64(limit))], Self.job)
        return uploads + records
    }

    /// Forgets jobs that ended before `moment`.
    ///
    /// - Returns: how many.
    package func prune(before moment: Timestamp, limit: Int) throws(MariaDBError) -> Int {
        try connection.execute(
            "DELETE FROM jobs WHERE ended_at < ? LIMIT ?", [.timestamp(moment), .integer(Int64(limit))])
    }

    private static func job(_ row: Row) throws(MariaDBError) -> Job {
        func json(_ text: String) -> JSON? { try? JSONParser.parse(Array(text.utf8)) }
        var job = Job(
            id: try row.value(0) { MediaID($0) }, kind: try row.value(1, Job.Kind.init(rawValue:)),
            subject: try row.value(2) { MediaID($0) }, userID: try row.text(3), payload: try row.value(4, json),
            now: try row.timestamp(11))
        job.state = try row.value(5, Job.State.init(rawValue:))
        job.priority = try row.integer(6)
        job.attempts = try row.integer(7)
        job.dueAt = try row.timestamp(8)
        job.progress = row.isNull(9) ? nil : try row.value(9, json)
        job.failure = row.optionalText(10)
        job.endedAt = row.optionalTimestamp(12)
        return job
    }
}
