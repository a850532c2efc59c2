import MediaHTTP

/// `DELETE /v1/media/{id}`: marks a record as deleted and answers it.
enum DeleteMedia {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        return .media(try ChangeMedia(context: context).delete(path["id"], caller), context)
    }
}
