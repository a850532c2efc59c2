import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP

/// `POST /v1/upload-tokens`: a right to upload for a page that shows no API key.
enum UploadTokens {
    private static let names: Set<String> = ["userId", "expiresIn", "maxBytes", "types", "entityType", "entityId"]

    @Sendable static func create(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.check(caller, .actForPlatform(.write))
        try request.requireNoQuery()
        let configuration = context.environment.configuration
        var fields = BodyFields(try request.jsonObject(limit: 16384), known: names)
        func text(_ name: String, _ fields: inout BodyFields) -> String? {
            fields.text(name) { MediaAttributes.fault(in: $0, name) }
        }
        let userID = text("userId", &fields)
        if userID == nil { fields.require("userId") }
        let (type, id) = (text("entityType", &fields), text("entityId", &fields))
        if (type == nil) != (id == nil) {
            fields.refuse(type == nil ? "entityType" : "entityId", "entityType and entityId go together")
        }
        let lifetime = fields.integer("expiresIn", 1...Int64(configuration.number(.uploadTokenLifetime))) ?? 3600
        let maxBytes = fields.integer("maxBytes", 1...1 << 50)
        let types = fields.text("types") {
            $0.utf8.count > 1000 || TypeAllowList($0) == nil ? "must be kinds and types, with commas" : nil
        }
        try fields.finish()
        guard let key = context.environment.linkSecrets.uploadKeys.first else { throw SignLinks.switchedOff }
        let entity = type.flatMap { type in id.map { EntityReference(type: type, id: $0) } }
        let expiresAt = context.now().adding(
            seconds: min(Int(lifetime), configuration.number(.uploadTokenLifetime)))
        let grant = UploadGrant(
            userID: userID ?? "", entity: entity, maxBytes: maxBytes, types: types, expiresAt: expiresAt)
        try context.connection.transaction {
            try context.audit(
                .createUploadToken, caller.name, detail: TextRules.prefix("for \(grant.json.text)", 500), $0)
        }
        return .json(
            .object([
                .init("token", .string(UploadToken.text(grant, key: key))),
                .init("expiresAt", .string(expiresAt.iso8601)),
            ]), status: .created)
    }
}
