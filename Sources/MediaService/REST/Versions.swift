import HTTPTypes
import MediaCore
import MediaHTTP

/// `PUT /v1/media/{id}/file`, `GET /v1/media/{id}/versions`, `POST …/versions/{version}/restore` and
/// `DELETE …/versions/{version}`.
enum Versions {
    @Sendable static func replace(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        do {
            let caller = try request.caller(context)
            try CheckUpload(context: context).replace(
                path["id"], caller, length: request.contentLength, isReceived: true)
            let query = try QueryParameters(request.query, allowed: ["name"])
            let precondition = try Precondition(ifMatch: request.parameter("HTTP_IF_MATCH"))
            let current = try ReadMedia(context: context).find(path["id"], caller, to: .replaceFile)
            let file = try PostMedia.rawFile(request, name: query["name"], default: current.originalName, context)
            return .media(
                try ReplaceFile(context: context).run(path["id"], file, if: precondition, caller), context)
        } catch {
            context.environment.metrics.add(.uploadsRefused)
            throw error
        }
    }

    @Sendable static func list(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let versions = try ManageVersions(context: context).list(path["id"], caller)
        let items = versions.enumerated().map { $1.json(isCurrent: $0 == 0) }
        return .json(.object([.init("versions", .array(items))]))
    }

    @Sendable static func restore(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let precondition = try Precondition(ifMatch: request.parameter("HTTP_IF_MATCH"))
        let media = try ReplaceFile(context: context).restore(
            try number(path), of: path["id"], if: precondition, caller)
        return .media(media, context)
    }

    @Sendable static func delete(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        try ManageVersions(context: context).delete(try number(path), of: path["id"], caller)
        return Response(status: .noContent)
    }

    private static func number(_ path: PathParameters) throws -> Int64 {
        let text = path["version"]
        guard let number = Int64(text), number > 0, String(number) == text else { throw ManageVersions.notFound }
        return number
    }
}
