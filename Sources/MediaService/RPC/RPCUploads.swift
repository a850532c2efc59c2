import MediaCore
import MediaDatabase

/// The patterns that bring files.
enum RPCUploads {
    private static let stagedNames: Set<String> = ["buffer", "originalName", "mimeType", "size"]
    private static let attributeNames = MediaAttributes.names

    /// One file. Without a user it is staged, and its URL is what `media.create` names; with one it becomes a record.
    @Sendable static func one(_ call: RPCCall) throws -> JSON {
        let members = try call.members()
        let data = JSON.object(members)
        if data["file"] != nil {
            let (attributes, files) = try records(call, "file") { [$0] }
            return try create(files, attributes, call) { media in
                .object([
                    .init("success", .bool(true)), .init("data", call.json(media[0])),
                    .init("message", .string("File uploaded successfully")),
                ])
            }
        }
        var fields = BodyFields(members, known: stagedNames.union(attributeNames))
        guard data["userId"].map(\.isNull) ?? true else {
            let attributes = MediaAttributes(&fields, call.caller, call.context)
            try fields.finish()
            let file = try RPCFile(data, field: "", names: ("originalName", "mimeType")).staged(call)
            return try create([file], attributes, call) { call.json($0[0]) }
        }
        for name in attributeNames where data[name] != nil { fields.refuse(name, "goes together with userId") }
        try fields.finish()
        return try stage(data, call)
    }

    /// Several files of one user: all of them or none.
    @Sendable static func many(_ call: RPCCall) throws -> JSON {
        let limit = call.context.environment.configuration.number(.uploadFiles)
        let (attributes, files) = try records(call, "files") { value in
            guard let items = value.array, (1...limit).contains(items.count) else { return nil }
            return items
        }
        return try create(files, attributes, call) { media in
            .object([
                .init("success", .bool(true)), .init("data", .array(media.map(call.json))),
                .init("message", .string("Files uploaded successfully")),
            ])
        }
    }

    /// Files beside what is said of all of them.
    ///
    /// - Parameter items: the files of that member; nil where it holds none, or too many.
    private static func records(
        _ call: RPCCall, _ name: String, _ items: (JSON) -> [JSON]?
    ) throws -> (MediaAttributes, [IncomingFile]) {
        let members = try call.members()
        var fields = BodyFields(members, known: attributeNames.union([name]))
        let attributes = MediaAttributes(&fields, call.caller, call.context)
        try fields.finish()
        guard let items = JSON.object(members)[name].flatMap(items) else {
            let limit = call.context.environment.configuration.number(.uploadFiles)
            throw Problem.invalid(name, "must be an array of 1 to \(limit) files")
        }
        try CheckUpload(context: call.context).run(call.caller, length: nil, isRepeatable: call.delivery.key != nil)
        let files = try items.enumerated().map { index, item in
            let field = name == "file" ? name : "\(name)[\(index)]"
            guard item.object != nil else { throw Problem.invalid(field, "must be an object, not \(item.kind)") }
            return try RPCFile(item, field: field, names: ("filename", "mimetype")).staged(call)
        }
        return (attributes, files)
    }

    private static func create(
        _ files: [IncomingFile], _ attributes: MediaAttributes, _ call: RPCCall, answer: @escaping ([Media]) -> JSON
    ) throws -> JSON {
        try Authorize.check(call.caller, .create(ownerID: attributes.userID ?? "", entity: attributes.entity))
        let operation = CreateMedia(context: call.context)
        let checked = try operation.check(files)
        return try call.once(
            { try operation.run(checked, attributes, by: call.caller.name, alongside: $0) }, answer: answer)
    }

    private static func stage(_ data: JSON, _ call: RPCCall) throws -> JSON {
        try Authorize.check(call.caller, .create(ownerID: "", entity: nil))
        let context = call.context
        let file = try RPCFile(data, field: "", names: ("originalName", "mimeType")).staged(call)
        let checked = try CreateMedia(context: context).check([file])[0]
        return try call.once(
            { try StageFile(context: context).run(checked, call.caller, alongside: $0) },
            answer: { entry in
                let end = entry.createdAt.adding(seconds: context.environment.configuration.number(.stagedTime))
                return .object([
                    .init("url", .string("\(context.environment.baseURL)/m/\(entry.id)")),
                    .init("originalName", .string(entry.originalName)),
                    .init("mimeType", .string(entry.mimeType)),
                    .init("type", .string(checked.type.mediaType.rawValue)),
                    .init("size", .integer(entry.size)),
                    .init("sha256", .string(entry.sha256)),
                    .init("expiresAt", .string(end.iso8601)),
                ])
            })
    }
}
