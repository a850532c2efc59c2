import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP

/// `/v1/imports`: files that the service fetches from a URL itself, by `mediad work`.
enum Imports {
    private static let names: Set<String> = ["url", "originalName"]

    @Sendable static func create(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        if caller == .anonymous { throw AccessRefused(.unauthenticated, caller) }
        let limit = context.environment.configuration.number(.metadataBytes) + 16384
        let members = try request.jsonObject(limit: limit, maxDepth: MediaAttributes.metadataDepth + 1)
        let order = try order(members, caller, context)
        return try IdempotentRequest(request, caller, context).run(
            content: { .object(members) },
            operation: { alongside in
                try ResumableUploads(context: context).create(order.upload, caller) { connection, entry in
                    try JobQueue(connection).add(
                        Job(
                            id: entry.id, kind: .importFile, subject: entry.id, userID: entry.userID,
                            payload: .object([.init("url", .string(order.url))]), now: entry.createdAt))
                    try alongside?(connection, entry)
                }
            },
            answer: { entry in
                let job = try JobQueue(context.connection).find(entry.id)
                var response = Response.json(json(entry, job, context), status: .accepted)
                response.fields[.location] = "\(context.environment.baseURL)/v1/imports/\(entry.id)"
                return response
            })
    }

    @Sendable static func get(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let entry = try ResumableUploads(context: context).find(path["id"], caller, kinds: [.fetched])
        return .json(json(entry, try JobQueue(context.connection).find(entry.id), context))
    }

    /// Ends an import. A record that it has become stays.
    @Sendable static func delete(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let uploads = ResumableUploads(context: context)
        let entry = try uploads.find(path["id"], caller, kinds: [.fetched])
        try context.connection.transaction { _ = try JobQueue($0).cancel(entry.id) }
        try uploads.terminate(entry.id)
        return Response(status: .noContent)
    }

    private static func order(
        _ members: [JSON.Member], _ caller: Caller, _ context: Context
    ) throws -> (upload: ResumableUploads.Order, url: String) {
        var fields = BodyFields(members, known: names.union(MediaAttributes.names))
        let url = fields.text("url", OutsideURL.fault)
        if url == nil { fields.require("url") }
        let name = fields.text("originalName", FileName.fault)
        var attributes = MediaAttributes(&fields, caller, context)
        if let entity = caller.grant?.entity, attributes.entity == nil {
            (attributes.entityType, attributes.entityID) = (entity.type, entity.id)
        }
        try fields.finish()
        let order = ResumableUploads.Order(
            kind: .fetched, length: nil, originalName: name ?? self.name(of: url ?? ""), type: nil,
            attributes: attributes, grant: caller.grant)
        return (order, url ?? "")
    }

    /// The last part of a URL's path, if a file can be called so.
    static func name(of url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").dropFirst(2)
        guard let last = path.last, let name = PercentDecoding.text(last), FileName.fault(in: name) == nil else {
            return "import"
        }
        return name
    }

    private static func json(_ entry: ResumableUploadRepository.Entry, _ job: Job?, _ context: Context) -> JSON {
        let isRunning = job?.state == .running
        let state =
            entry.mediaID != nil ? "FINISHED" : entry.failure != nil ? "FAILED" : isRunning ? "RECEIVING" : "WAITING"
        let received = isRunning ? job?.progress?["bytes"]?.integer ?? entry.position : entry.position
        let isWaiting = state == "WAITING"
        return .object([
            .init("id", .string(entry.id.rawValue)), .init("url", job?.payload["url"] ?? .null),
            .init("status", .string(state)), .init("received", .integer(max(received, entry.position))),
            .init("length", entry.length.map(JSON.integer) ?? .null), .init("userId", .string(entry.userID)),
            .init("originalName", entry.description["originalName"] ?? .null),
            .init("attempts", .integer(job?.attempts ?? 0)),
            .init("nextAttemptAt", JSON(isWaiting ? job?.dueAt.iso8601 : nil)),
            .init("lastError", JSON(isWaiting ? job?.failure : nil)),
            .init("createdAt", .string(entry.createdAt.iso8601)), .init("expiresAt", .string(entry.expiresAt.iso8601)),
            .init("mediaId", JSON(entry.mediaID?.rawValue)), .init("failure", entry.failure ?? .null),
        ])
    }
}
