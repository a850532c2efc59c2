import Logging
import MediaCore
import MediaDatabase
import MediaHTTP

/// `POST /v1/media/bulk`: changes, deletes and restores many records, each with a result of its own.
enum BulkMedia {
    /// Bytes of a request, for each of its operations.
    private static let bytesPerOperation = 4096

    /// Bytes of a request: a usual change in each operation, and one of the longest.
    static func bodyLimit(_ configuration: Configuration) -> Int {
        configuration.number(.bulkItems) * bytesPerOperation + PatchMedia.bodyLimit(configuration)
    }

    /// What became of one operation.
    private typealias Outcome = (id: String, result: Result<Media, Problem>)

    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let start = ContinuousClock.now
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, anyOf: [.update, .delete, .restore])
        try request.requireNoQuery()
        let once = try IdempotentRequest(request, caller, context)
        let configuration = context.environment.configuration
        let body = try request.jsonObject(
            limit: bodyLimit(configuration), maxDepth: MediaAttributes.metadataDepth + BulkOrders.depth)
        let orders = try BulkOrders.read(
            body, limit: configuration.number(.bulkItems), metadataLimit: configuration.number(.metadataBytes))
        // A worker is replaced whose request takes longer than its lane allows.
        let end = start + Duration.seconds(configuration.number(.apiTimeout)) / 2
        return try once.run(
            content: { .object(body) },
            operation: { alongside in
                let results = ChangeMany(context: context).run(orders, caller, until: end)
                let outcomes = zip(orders, results).map { order, result -> Outcome in
                    (order.id, result.mapError { ProblemMapping.problem(for: $0, context) })
                }
                if let alongside { keep(outcomes, alongside, context) }
                return outcomes
            },
            answer: { answer($0, context) }, brief: { answer($0, context, withRecords: false) })
    }

    /// Keeps the outcomes where none would be another one in a second try. They are kept when all is done, which a crash may
    /// prevent: a second try then does all of it again.
    private static func keep(
        _ outcomes: [Outcome], _ alongside: OnceOnly.Alongside<[Outcome]>, _ context: Context
    ) {
        let areFinal = outcomes.allSatisfy { outcome in
            if case .failure(let problem) = outcome.result { problem.status < 500 } else { true }
        }
        guard areFinal else { return }
        do {
            try context.connection.transaction { try alongside($0, outcomes) }
        } catch {
            context.logger.warning("an answer is not kept for its idempotency key", metadata: ["error": "\(error)"])
        }
    }

    private static func answer(_ outcomes: [Outcome], _ context: Context, withRecords: Bool = true) -> Response {
        let results = outcomes.map { outcome -> JSON in
            var members: [JSON.Member] = [.init("id", .string(outcome.id))]
            switch outcome.result {
            case .success(let media):
                members += [.init("status", .integer(200)), .init("etag", .string(media.entityTag))]
                if withRecords { members.append(.init("media", media.json(baseURL: context.environment.baseURL))) }
            case .failure(let problem):
                let json = problem.json(baseURL: context.environment.baseURL, requestID: context.requestID)
                members += [.init("status", .integer(Int64(problem.status))), .init("error", json)]
            }
            return .object(members)
        }
        return .json(.object([.init("results", .array(results))]))
    }
}
