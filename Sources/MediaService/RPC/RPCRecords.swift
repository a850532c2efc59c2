import MediaCore
import MediaDatabase

/// The patterns about one record.
enum RPCRecords {
    @Sendable static func find(_ call: RPCCall) throws -> JSON {
        call.json(try ReadMedia(context: call.context).find(try call.id(), call.caller))
    }

    /// A small picture of a file: of those that were made of it, the smallest that fills the box.
    @Sendable static func thumbnail(_ call: RPCCall) throws -> JSON {
        var fields = BodyFields(try call.members(), known: ["id", "width", "height"])
        let width = fields.integer("width", 1...100_000) ?? 0
        let height = fields.integer("height", 1...100_000) ?? 0
        let id = fields.text("id") { TextRules.fault(in: $0, maxLength: 100) }
        if id == nil { fields.require("id") }
        try fields.finish()
        let media = try ReadMedia(context: call.context).find(id ?? "", call.caller)
        guard media.status == .ready else { throw Problem.notReady(media.status) }
        // In the formats that everything shows.
        let pictures = media.variants.filter { ["image/jpeg", "image/png"].contains($0.mimeType) && $0.width != nil }
            .sorted { ($0.width ?? 0, $0.name) < ($1.width ?? 0, $1.name) }
        let fitting = pictures.first { ($0.width ?? 0) >= width && ($0.height ?? 0) >= height }
        guard let found = fitting ?? pictures.last else {
            throw Problem(.notFound, "No picture was made of the file.")
        }
        let url = media.url(of: found, baseURL: call.context.environment.baseURL)
        return found.json(url: url).merged(with: .object([.init("id", .string(media.id.rawValue))]))
    }

    // MARK: Create

    private static let orderNames = MediaAttributes.names.union(["type", "originalName", "mimeType", "size", "url"])

    @Sendable static func create(_ call: RPCCall) throws -> JSON {
        let order = try order(call)
        let context = call.context
        return try call.once(
            { try RecordFile(context: context).run(order, call.caller, alongside: $0) },
            answer: call.json)
    }

    private static func order(_ call: RPCCall) throws(Problem) -> RecordFile.Order {
        var fields = BodyFields(try call.members(), known: orderNames)
        let attributes = MediaAttributes(&fields, call.caller, call.context)
        let type = fields.text("type") {
            MediaType(rawValue: $0) == nil
                ? "must be one of \(MediaType.allCases.map(\.rawValue).joined(separator: ", "))" : nil
        }
        let name = fields.text("originalName", FileName.fault)
        let mimeType = fields.text("mimeType") { FileType.isName($0) ? nil : "must be a type such as image/png" }
        let size = fields.integer("size", 0...1 << 50)
        let url = fields.text("url") { $0.isEmpty ? "must not be empty" : nil }
        for (field, isGiven) in [
            ("type", type != nil), ("originalName", name != nil), ("mimeType", mimeType != nil), ("size", size != nil),
            ("url", url != nil),
        ] where !isGiven { fields.require(field) }
        try fields.finish()
        return RecordFile.Order(
            url: url ?? "", type: type.flatMap(MediaType.init(rawValue:)) ?? .other, originalName: name ?? "",
            mimeType: mimeType ?? "", size: size ?? 0, attributes: attributes)
    }

    // MARK: Change

    @Sendable static func update(_ call: RPCCall) throws -> JSON {
        let members = try call.members()
        // What to change stands beside the id or in a member of its own.
        let nested = JSON.object(members)["data"]?.object
        let id = try RPCCall(
            data: .object(nested == nil ? members.filter { $0.name == "id" } : members), caller: call.caller,
            delivery: call.delivery, context: call.context
        ).id(or: ["data"])
        return try change(id, nested ?? members.filter { $0.name != "id" }, call)
    }

    @Sendable static func updateMetadata(_ call: RPCCall) throws -> JSON {
        let members = try call.members()
        let id = try call.id(or: ["metadata"])
        guard JSON.object(members)["metadata"] != nil else { throw Problem.invalid("metadata", "must be given") }
        return try change(id, members.filter { $0.name == "metadata" }, call)
    }

    private static func change(_ id: String, _ members: [JSON.Member], _ call: RPCCall) throws -> JSON {
        let limit = call.context.environment.configuration.number(.metadataBytes)
        var changes = try ChangeMedia.Changes(ofPlatform: members, metadataLimit: limit)
        if changes.url != nil { try Authorize.check(call.caller, .actForPlatform(.write)) }
        let operation = ChangeMedia(context: call.context)
        // The platform's other way to delete.
        if changes.status == .deleted {
            changes.status = nil
            if changes != ChangeMedia.Changes() { _ = try operation.update(id, changes, call.caller) }
            return call.json(try operation.delete(id, isForced: true, call.caller))
        }
        return try call.once(
            { try operation.update(id, changes, call.caller, alongside: $0) }, answer: call.json)
    }

    @Sendable static func remove(_ call: RPCCall) throws -> JSON {
        let id = try call.id(or: ["hard"])
        var fields = BodyFields(call.data.object ?? [], known: ["id", "hard"])
        let isHard = fields.bool("hard") ?? false
        try fields.finish()
        let operation = ChangeMedia(context: call.context)
        guard !isHard else { return call.json(try operation.destroy(id, isForced: true, call.caller)) }
        return try call.once(
            { try operation.delete(id, isForced: true, call.caller, alongside: $0) }, answer: call.json)
    }
}
