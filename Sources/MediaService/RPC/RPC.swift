import Logging
import MediaCore

/// Answers the platform's message patterns, whatever brings them.
enum RPC {
    typealias Handler = @Sendable (RPCCall) throws -> JSON

    /// What each pattern does: those of the platform's own description, and the names that other parts of it use.
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
        "media.remove": RPCRecords.remove,
        "remove_media": RPCRecords.remove,
        "get_media_stats": RPCLists.statistics,
    ]

    /// Carries a packet out.
    ///
    /// - Parameter key: names the packet where its transport may bring it again.
    /// - Returns: the answer's packet; nil for an event.
    static func answer(_ packet: RPCPacket, _ caller: Caller, key: IdempotencyKey? = nil, _ context: Context) -> JSON? {
        guard let handler = handlers[packet.pattern] else {
            context.environment.metrics.add(.messagesUnknown)
            context.logger.notice("no such pattern", metadata: ["pattern": "\(packet.pattern.prefix(100))"])
            // In NestJS's words and order.
            return packet.id.map { id in
                .object([
                    .init("id", id), .init("status", .string("error")),
                    .init("err", .string("There is no matching message handler defined in the remote service.")),
                ])
            }
        }
        let call = RPCCall(data: packet.data, caller: caller, key: key, context: context)
        do {
            let response = try handler(call)
            return packet.id.map { id in
                .object([.init("response", response), .init("isDisposed", .bool(true)), .init("id", id)])
            }
        } catch {
            let problem = ProblemMapping.problem(for: error, context)
            return packet.id.map { failure(problem, id: $0) }
        }
    }

    /// The packet of a failure.
    static func failure(_ problem: Problem, id: JSON?) -> JSON {
        var error: [JSON.Member] = [
            .init("status", .string("error")), .init("message", .string(problem.detail)),
            .init("statusCode", .integer(Int64(problem.status))), .init("code", .string(problem.code)),
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
