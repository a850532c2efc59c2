import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP

/// What files belong to: `GET /v1/media/{id}/references`, `PUT` and `DELETE …/references/{type}/{entityId}`, and
/// `POST /v1/entities/{type}/{id}/clone`.
enum References {
    private static let bodyLimit = 4096

    @Sendable static func list(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let entries = try ReadMedia(context: context).references(path["id"], caller)
        return .json(.object([.init("references", .array(entries.map(json)))]))
    }

    @Sendable static func add(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let entity = try entity(path["type"], path["entityId"], ("type", "entityId"))
        let (media, isNew) = try ChangeMedia(context: context).addReference(entity, to: path["id"], caller)
        return .media(media, status: isNew ? .created : .ok, context)
    }

    @Sendable static func remove(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let entity = try entity(path["type"], path["entityId"], ("type", "entityId"))
        return .media(try ChangeMedia(context: context).removeReference(entity, from: path["id"], caller), context)
    }

    @Sendable static func clone(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.check(caller, .actForPlatform(.write))
        try request.requireNoQuery()
        let source = try entity(path["type"], path["id"], ("type", "id"))
        var fields = BodyFields(try request.jsonObject(limit: bodyLimit), known: ["entityId", "entityType"])
        let id = fields.text("entityId") { MediaAttributes.fault(in: $0, "entityId") }
        if id == nil { fields.require("entityId") }
        let type = fields.text("entityType") { MediaAttributes.fault(in: $0, "entityType") }
        try fields.finish()
        let target = EntityReference(type: type ?? source.type, id: id ?? "")
        guard target != source else { throw Problem.invalid("entityId", "must be another entity's") }
        let count = try ManageEntities(context: context).clone(source, to: target, caller)
        return .json(
            .object([
                .init("entityType", .string(target.type)), .init("entityId", .string(target.id)),
                .init("added", .integer(Int64(count))),
            ]))
    }

    private static func entity(
        _ type: String, _ id: String, _ names: (type: String, id: String)
    ) throws(Problem) -> EntityReference {
        if let fault = MediaAttributes.fault(in: type, "entityType") { throw .invalid(names.type, fault) }
        if let fault = MediaAttributes.fault(in: id, "entityId") { throw .invalid(names.id, fault) }
        return EntityReference(type: type, id: id)
    }

    private static func json(_ entry: ReferenceRepository.Entry) -> JSON {
        .object([
            .init("entityType", .string(entry.entity.type)), .init("entityId", .string(entry.entity.id)),
            .init("createdAt", .string(entry.createdAt.iso8601)),
        ])
    }
}
