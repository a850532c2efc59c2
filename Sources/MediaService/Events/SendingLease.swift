import MediaDatabase

/// That this thread, and nobody else, sends to one of those who are sent events.
struct SendingLease {
    /// For which it holds unless it is renewed.
    private static let seconds = 20

    let target: Int64
    private let holder: LeaseHolder
    private var renewedAt: ContinuousClock.Instant?

    init(_ target: Int64, _ context: Context) {
        self.target = target
        holder = LeaseHolder(token: context.randomBytes(16), process: ProcessMark.own)
    }

    /// - Returns: whether it is this one's turn.
    mutating func hold(_ context: Context) throws -> Bool {
        let start = ContinuousClock.now
        if let renewedAt, renewedAt.duration(to: start) < .seconds(Self.seconds / 4) { return true }
        let isMine = try context.connection.transaction {
            try EventTargetRepository($0).acquire(
                target, holder, seconds: Self.seconds, isDead: ProcessMark.isDead)
        }
        renewedAt = isMine ? start : nil
        return isMine
    }

    /// Writes down what has come of what was sent. Whoever sends by now has sent it again, and writes that down.
    ///
    /// - Parameter body: may run several times.
    /// - Returns: whether it was written.
    @discardableResult
    func settle(_ context: Context, _ body: (Connection) throws -> Void) throws -> Bool {
        try context.connection.transaction { connection in
            guard try EventTargetRepository(connection).isHeld(target, holder) else { return false }
            try body(connection)
            return true
        }
    }

    /// Lets others send at once.
    mutating func release(_ context: Context) throws {
        guard renewedAt != nil else { return }
        renewedAt = nil
        try context.connection.transaction { try EventTargetRepository($0).release(target, holder) }
    }
}
