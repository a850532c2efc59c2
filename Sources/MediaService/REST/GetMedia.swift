import HTTPTypes
import MediaCore
import MediaHTTP

/// `GET /v1/media/{id}`: a record.
enum GetMedia {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        let fields = try SparseFields(QueryParameters(request.query, allowed: ["fields"])["fields"])
        let media = try ReadMedia(context: context).find(path["id"], caller)
        // A part of the record is another representation, and has no entity tag of its own (RFC 9110 §8.8.3).
        if fields.areAll, try Precondition.isUnchanged(media, ifNoneMatch: request.parameter("HTTP_IF_NONE_MATCH")) {
            var response = Response(status: .notModified)
            response.fields[.eTag] = media.entityTag
            response.fields[.cacheControl] = "private, no-cache"
            return response
        }
        var response = Response.json(fields.select(media.json(baseURL: context.environment.baseURL)))
        if fields.areAll { response.fields[.eTag] = media.entityTag }
        response.fields[.cacheControl] = "private, no-cache"
        return response
    }
}
