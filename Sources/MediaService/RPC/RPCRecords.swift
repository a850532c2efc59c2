import MediaCore
import MediaDatabase

/// The patterns about one record.
enum RPCRecords {
    @Sendable static func find(_ call: RPCCall) throws -> JSON {
        call.json(try ReadMedia(context: call.context).find(try call.id(), call.caller))
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
