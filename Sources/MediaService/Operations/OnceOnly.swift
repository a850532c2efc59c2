import Logging
import MediaCore
import MediaDatabase

/// An answer that can be kept, to be given again.
protocol KeptAnswer {
    init(replaying answer: IdempotencyRepository.Answer)
    var kept: IdempotencyRepository.Answer { get }
}

/// What is carried out once however often it is asked for, where the asking has a key.
///
/// What the request does and its answer are written in one transaction: there is never one without the other. Only answers
/// of success are kept; a request that failed has done nothing, and may be mended and sent again under its key.
struct OnceOnly {
    let context: Context
    /// Nil: what is asked for has no key.
    let lease: IdempotencyRepository.Lease?
    /// Whether whoever brings it knows that it is asked for the first time: what is kept under the key was another thing.
    var isFirst = false

    /// Bytes of an answer that is kept.
    private static let maxAnswer = 1 << 20

    /// What an operation calls with its result, in the transaction that makes it so.
    typealias Alongside<Value> = (Connection, Value) throws -> Void

    /// Carries the request out, or answers what it was answered before.
    ///
    /// - Parameters:
    ///   - onReplay: what has to hold before the answer is given again.
    ///   - operation: does what is asked for. What it doesn't call `Alongside` for is not kept.
    ///   - answer: makes the answer to a result.
    ///   - brief: a shorter answer that is kept in place of one that is too long.
    /// - Throws: 409 while the request is being carried out, 422 for a key of another request.
    func run<Value, Answer: KeptAnswer>(
        onReplay: () throws -> Void = {}, operation: (Alongside<Value>?) throws -> Value,
        answer: @escaping (Value) throws -> Answer, brief: ((Value) -> Answer)? = nil
    ) throws -> Answer {
        guard let lease else { return try answer(operation(nil)) }
        if let kept = try begin(lease) {
            try onReplay()
            context.environment.metrics.add(.requestsReplayed)
            context.logger.info("request answered again", metadata: ["caller": "\(lease.caller)"])
            return Answer(replaying: kept)
        }
        do {
            var response: Answer?
            var isKept = false
            let value = try operation { connection, value in
                let full = try answer(value)
                response = full
                var kept = full.kept
                if kept.body.count > Self.maxAnswer, let brief { kept = brief(value).kept }
                guard kept.body.count <= Self.maxAnswer else { throw Self.tooLong }
                isKept = try IdempotencyRepository(connection).finish(lease, kept)
                if !isKept { throw Self.running }
            }
            if !isKept { abandon(lease) }
            return try response ?? answer(value)
        } catch {
            abandon(lease)
            throw error
        }
    }

    /// - Returns: the answer that was kept; nil where the request is to be carried out now.
    private func begin(_ lease: IdempotencyRepository.Lease) throws -> IdempotencyRepository.Answer? {
        let configuration = context.environment.configuration
        let now = context.now()
        let start = try context.connection.transaction { connection in
            // A worker whose request takes longer than this is replaced.
            try IdempotencyRepository(connection).begin(
                lease, now: now, leaseStart: now.adding(seconds: -configuration.number(.apiTimeout)),
                firstKept: now.adding(seconds: isFirst ? 1 : -configuration.number(.idempotencyTime)))
        }
        switch start {
        case .begun: return nil
        case .answered(let answer): return answer
        case .running: throw Self.running
        case .otherRequest: throw Self.reused
        }
    }

    private func abandon(_ lease: IdempotencyRepository.Lease) {
        do {
            try context.connection.transaction { try IdempotencyRepository($0).abandon(lease) }
        } catch {
            context.logger.warning("an idempotency key stays taken for a while", metadata: ["error": "\(error)"])
        }
    }

    private static let running = Problem(
        .idempotencyInProgress, "The first request with this Idempotency-Key is still being carried out.", retryAfter: 1
    )
    private static let reused = Problem(
        .idempotencyKeyReused, "This Idempotency-Key was used for another request; a new request needs a new key.")
    private static let tooLong = Problem(
        .answerTooLong,
        "The answer would be longer than the \(maxAnswer) bytes that can be kept for an Idempotency-Key. "
            + "Nothing was done: ask for less at once.")
}
