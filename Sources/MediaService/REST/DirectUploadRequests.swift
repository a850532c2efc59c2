import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP
import MediaStorage

/// `/v1/uploads/direct`: files that go from their senders to the store, past this service.
enum DirectUploadRequests {
    private static let names: Set<String> = ["originalName", "type", "size", "sha256"]

    @Sendable static func create(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        if caller == .anonymous { throw AccessRefused(.unauthenticated, caller) }
        let limit = context.environment.configuration.number(.metadataBytes) + 16384
        let members = try request.jsonObject(limit: limit, maxDepth: MediaAttributes.metadataDepth + 1)
        var fields = BodyFields(members, known: names.union(MediaAttributes.names))
        let name = fields.text("originalName", FileName.fault)
        if name == nil { fields.require("originalName") }
        let declared = fields.text("type") { TextRules.fault(in: $0, maxLength: 255) }
        let size = fields.integer("size", 1...1 << 50)
        if size == nil { fields.require("size") }
        let sha256 = fields.text("sha256") {
            $0.utf8.count == 64 && Hex.decode($0) != nil && $0 == $0.lowercased()
                ? nil : "must be the file's SHA-256 in 64 hexadecimal digits of lower case"
        }
        if sha256 == nil { fields.require("sha256") }
        var attributes = MediaAttributes(&fields, caller, context)
        if let entity = caller.grant?.entity, attributes.entity == nil {
            (attributes.entityType, attributes.entityID) = (entity.type, entity.id)
        }
        try fields.finish()
        let order = ResumableUploads.Order(
            kind: .direct, length: size, originalName: name ?? "", type: declared, attributes: attributes,
            grant: caller.grant)
        let (entry, upload) = try DirectUploads(context: context).create(
            order, sha256: sha256 ?? "", type: FileType.named(name ?? "", declared: declared), caller)
        var response = Response.json(json(entry, nil, upload, context), status: .created)
        response.fields[.location] = "\(context.environment.baseURL)/v1/uploads/direct/\(entry.id)"
        return response
    }

    @Sendable static func get(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let entry = try find(request, path, context)
        return .json(json(entry, try JobQueue(context.connection).find(entry.id), nil, context))
    }

    @Sendable static func complete(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let entry = try find(request, path, context)
        if entry.isEnded { return .json(json(entry, nil, nil, context), status: .accepted) }
        let job = try DirectUploads(context: context).complete(entry)
        return .json(json(entry, job, nil, context), status: .accepted)
    }

    /// Ends an upload. A record that it has become stays.
    @Sendable static func delete(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let entry = try find(request, path, context)
        try context.connection.transaction { _ = try JobQueue($0).cancel(entry.id) }
        try ResumableUploads(context: context).terminate(entry.id)
        return Response(status: .noContent)
    }

    private static func find(
        _ request: Request, _ path: PathParameters, _ context: Context
    ) throws -> ResumableUploadRepository.Entry {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        return try ResumableUploads(context: context).find(path["id"], caller, kinds: [.direct])
    }

    /// - Parameter upload: how its bytes are to be sent; nil: that was said already.
    private static func json(
        _ entry: ResumableUploadRepository.Entry, _ job: Job?, _ upload: DirectUpload?, _ context: Context
    ) -> JSON {
        let state =
            entry.mediaID != nil ? "FINISHED" : entry.failure != nil ? "FAILED" : job == nil ? "PENDING" : "VERIFYING"
        var members: [JSON.Member] = [
            .init("id", .string(entry.id.rawValue)), .init("status", .string(state)),
            .init("size", entry.length.map(JSON.integer) ?? .null), .init("userId", .string(entry.userID)),
            .init("originalName", entry.description["originalName"] ?? .null),
            .init("createdAt", .string(entry.createdAt.iso8601)), .init("expiresAt", .string(entry.expiresAt.iso8601)),
            .init("mediaId", JSON(entry.mediaID?.rawValue)), .init("failure", entry.failure ?? .null),
        ]
        if let upload {
            members.append(
                .init(
                    "requests",
                    .array(
                        upload.requests.map { request in
                            .object([
                                .init("method", .string(request.method)), .init("url", .string(request.url)),
                                .init(
                                    "headers", .object(request.fields.map { .init($0.name, .string($0.value)) })),
                                .init("offset", .integer(request.range.lowerBound)),
                                .init("length", .integer(Int64(request.range.count))),
                            ])
                        })))
            members.append(
                .init(
                    "completeUrl",
                    .string("\(context.environment.baseURL)/v1/uploads/direct/\(entry.id)/complete")))
        }
        return .object(members)
    }
}

extension FileType {
    /// What a file is taken for by its name and what its sender says; its bytes decide later.
    static func named(_ name: String, declared: String?) -> MediaType {
        let ending = FileName.split(name).ending
        let known = declared.flatMap { FileType.named($0) } ?? ending.flatMap { FileType.withExtension($0) }
        return known?.mediaType ?? .other
    }
}
