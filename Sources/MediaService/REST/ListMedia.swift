import MediaCore
import MediaDatabase
import MediaHTTP

/// `GET /v1/media`, `/v1/users/{id}/media` and `/v1/entities/{type}/{id}/media`: pages of records, newest first unless
/// another order is asked for.
enum ListMedia {
    @Sendable static func all(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try list(MediaFilter(), without: [], request, context)
    }

    @Sendable static func ofUser(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try list(MediaFilter(userID: path["id"]), without: ["userId"], request, context)
    }

    @Sendable static func ofEntity(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let entity = EntityReference(type: path["type"], id: path["id"])
        return try list(MediaFilter(entity: entity), without: ["entityType", "entityId"], request, context)
    }

    private static func list(
        _ base: MediaFilter, without names: Set<String>, _ request: Request, _ context: Context
    ) throws -> Response {
        let caller = try request.caller(context)
        let maxLimit = context.environment.configuration.number(.pageLimit)
        let parameters = try ListParameters(request.query, without: names)
        let list = try parameters.list(base, maxLimit: maxLimit)
        let fields = try SparseFields(parameters["fields"])
        let page = try ReadMedia(context: context).list(
            list.filter, sort: list.sort, at: list.position, limit: list.limit, caller)
        let baseURL = context.environment.baseURL
        var response = Response.json(page.json { fields.select($0.json(baseURL: baseURL)) })
        let links = parameters.links(
            page, path: "/" + request.path.map(PercentEncoding.pathSegment).joined(separator: "/"))
        if !links.isEmpty {
            response.fields[.link] = links.map { "<\(baseURL)\($0.target)>; rel=\"\($0.relation)\"" }.joined(
                separator: ", ")
        }
        return response
    }
}
