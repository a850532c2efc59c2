import MediaCore
import MediaHTTP

/// `PATCH /v1/media/{id}`: changes a record. The body is a JSON object with the fields to change; `null` clears one. As
/// `application/merge-patch+json` it is merged into the metadata (RFC 7396), as `application/json` it replaces them.
enum PatchMedia {
    /// Bytes of a change: the longest metadata and, beside it, all other fields.
    static func bodyLimit(_ configuration: Configuration) -> Int { configuration.number(.metadataBytes) + 16384 }

    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .update)
        try request.requireNoQuery()
        let configuration = context.environment.configuration
        let isMergePatch = try request.mediaType() == "application/merge-patch+json"
        let precondition = try Precondition(ifMatch: request.parameter("HTTP_IF_MATCH"))
        let changes = try ChangeMedia.Changes(
            request.jsonObject(
                limit: Self.bodyLimit(configuration), types: ["application/json", "application/merge-patch+json"],
                maxDepth: MediaAttributes.metadataDepth + 1),
            isMergePatch: isMergePatch, metadataLimit: configuration.number(.metadataBytes))
        return .media(try ChangeMedia(context: context).update(path["id"], changes, if: precondition, caller), context)
    }
}
