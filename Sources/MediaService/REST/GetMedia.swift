import MediaHTTP

/// `GET /v1/media/{id}`: a record.
enum GetMedia {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        return .media(try ReadMedia(context: context).find(path["id"], caller), context)
    }
}
