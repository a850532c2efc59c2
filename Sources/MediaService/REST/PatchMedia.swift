import MediaCore
import MediaHTTP

/// `PATCH /v1/media/{id}`: changes a record. The body is a JSON object with the fields to change; `null` clears one. As
/// `application/merge-patch+json` it is merged into the metadata (RFC 7396), as `application/json` it replaces them.
enum PatchMedia {
    private static let names: Set<String> = ["entityType", "entityId", "metadata", "isPublic", "title"]
    private static let readOnly: Set<String> = [
        "id", "type", "originalName", "mimeType", "size", "url", "userId", "status", "createdAt", "updatedAt", "sha256",
    ]

    /// Bytes of a change: the longest metadata and, beside it, all other fields.
    static func bodyLimit(_ configuration: Configuration) -> Int { configuration.number(.metadataBytes) + 16384 }

    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .update)
        try request.requireNoQuery()
        let configuration = context.environment.configuration
        let isMergePatch = request.contentType?.hasPrefix("application/merge-patch+json") ?? false
        let precondition = try Precondition(ifMatch: request.header("HTTP_IF_MATCH"))
        let changes = try changes(
            request.jsonObject(
                limit: Self.bodyLimit(configuration), types: ["application/json", "application/merge-patch+json"],
                maxDepth: MediaAttributes.metadataDepth + 1),
            isMergePatch: isMergePatch, metadataLimit: configuration.number(.metadataBytes))
        return .media(try ChangeMedia(context: context).update(path["id"], changes, if: precondition, caller), context)
    }

    private static func changes(
        _ members: [JSON.Member], isMergePatch: Bool, metadataLimit: Int
    ) throws(Problem) -> ChangeMedia.Changes {
        var changes = ChangeMedia.Changes()
        var errors: [Problem.FieldError] = []
        let body = JSON.object(members)
        func text(_ name: String) -> String? {
            guard let value = body[name], !value.isNull else { return nil }
            guard let text = value.string else {
                errors.append(.init(name, "must be a string or null, not \(value.kind)"))
                return nil
            }
            if let fault = MediaAttributes.fault(in: text, name) { errors.append(.init(name, fault)) }
            return text
        }
        for member in members where !names.contains(member.name) {
            let reason = readOnly.contains(member.name) ? "can't be changed" : "unknown field"
            errors.append(.init(String(member.name.prefix(100)), reason))
        }
        if body["entityType"] != nil || body["entityId"] != nil {
            let type = text("entityType")
            let id = text("entityId")
            if let type, let id {
                changes.entity = .some(EntityReference(type: type, id: id))
            } else if body["entityType"] == .null, body["entityId"] == .null {
                changes.entity = .some(nil)
            } else if errors.isEmpty {
                errors.append(.init(type == nil ? "entityType" : "entityId", "entityType and entityId go together"))
            }
        }
        if let value = body["metadata"] {
            do {
                let checked = try MediaAttributes.checkedMetadata(value, limit: metadataLimit)
                changes.metadata = isMergePatch ? .merge(checked ?? .null) : .replace(checked)
            } catch {
                errors += error.errors
            }
        }
        if let value = body["isPublic"] {
            changes.isPublic = value.bool
            if value.bool == nil { errors.append(.init("isPublic", "must be true or false, not \(value.kind)")) }
        }
        if body["title"] != nil { changes.title = .some(text("title")) }
        guard errors.isEmpty else { throw .invalid(errors) }
        return changes
    }
}
