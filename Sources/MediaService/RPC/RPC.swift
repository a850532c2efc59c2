import Logging
import MediaCore

/// Answers the platform's message patterns, whatever brings them.
enum RPC {
    typealias Handler = @Sendable (RPCCall) throws -> JSON

    /// What each pattern does: those of the platform's own description, the names that other parts of it use, and its events.
    static let handlers: [String: Handler] = [
        "upload_file": RPCUploads.one,
        "upload_multiple_files": RPCUploads.many,
        "media.create": RPCRecords.create,
        "media.findAll": RPCLists.all,
        "get_all_media": RPCLists.all,
        "media.findByUser": RPCLists.ofUser,
        "get_media_by_user": RPCLists.ofUser,
        "media.findByEntity": RPCLists.ofEntity,
        "get_media_by_entity": RPCLists.ofEntity,
        "media.findOne": RPCRecords.find,
        "get_media_by_id": RPCRecords.find,
        "media.update": RPCRecords.update,
        "update_media_metadata": RPCRecords.updateMetadata,
        "generate_thumbnail": RPCRecords.thumbnail,
        "media.remove": RPCRecords.remove,
        "remove_media": RPCRecords.remove,
        "get_media_stats": RPCLists.statistics,
        "course.created": RPCEvents.nothing,
        "course.deleted": RPCEvents.courseDeleted,
        "lesson.created": RPCEvents.nothing,
        "lesson.deleted": RPCEvents.lessonDeleted,
        "user.deleted": RPCEvents.userDeleted,
    ]

    /// What a packet has come to.
    struct Outcome {
        /// The answer's packet; nil for an event, which gets none.
        var answer: JSON?
        /// Why it failed, if it did.
        var problem: Problem?
    }

    /// Carries a packet out.
    static func run(
        _ packet: RPCPacket, _ caller: Caller, _ delivery: RPCDelivery, _ context: Context
    ) -> Outcome {
        context.environment.metrics.add(.messagesAnswered)
        guard let handler = handlers[packet.pattern] else {
            context.environment.metrics.add(.messagesUnknown)
            context.logger.notice("no such pattern", metadata: ["pattern": "\(packet.pattern.prefix(100))"])
            return Outcome(answer: packet.id.map(unknown))
        }
        do {
            let response = try handler(
                RPCCall(data: packet.data, caller: caller, delivery: delivery, context: context))
            return Outcome(
                answer: packet.id.map { id in
                    .object([.init("response", response), .init("isDisposed", .bool(true)), .init("id", id)])
                })
        } catch {
            let problem = ProblemMapping.problem(for: error, context)
            return Outcome(answer: packet.id.map { failure(problem, id: $0) }, problem: problem)
        }
    }

    /// In NestJS's words and order.
    private static func unknown(_ id: JSON) -> JSON {
        .object([
            .init("id", id), .init("status", .string("error")),
            .init("err", .string("There is no matching message handler defined in the remote service.")),
        ])
    }

    /// The patterns that take no longer than a look at one record.
    static let quick: Set<String> = ["media.findOne", "get_media_by_id"]

    /// The packet of a failure.
    static func failure(_ problem: Problem, id: JSON?) -> JSON {
        var error: [JSON.Member] = [
            .init("status", .string("error")), .init("message", .string(problem.detail)),
            .init("statusCode", .integer(Int64(problem.status))), .init("code", .string(problem.code.rawValue)),
        ]
        if !problem.errors.isEmpty {
            error.append(
                .init(
                    "errors",
                    .array(
                        problem.errors.map {
                            .object([.init("field", .string($0.field)), .init("reason", .string($0.reason))])
                        })))
        }
        if let retryAfter = problem.retryAfter { error.append(.init("retryAfter", .integer(Int64(retryAfter)))) }
        var members: [JSON.Member] = [.init("err", .object(error)), .init("isDisposed", .bool(true))]
        if let id { members.append(.init("id", id)) }
        return .object(members)
    }
}
