import MediaCore
import MediaHTTP

/// `DELETE /v1/media/{id}`: marks a record as deleted and answers it; with `?hard=true` it is removed for good.
/// `POST /v1/media/{id}/restore`: takes a deletion back.
enum DeleteMedia {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        let parameters = try QueryParameters(request.query, allowed: ["hard"])
        let precondition = try Precondition(ifMatch: request.header("HTTP_IF_MATCH"))
        let operation = ChangeMedia(context: context)
        switch parameters["hard"] {
        case nil, "false": return .media(try operation.delete(path["id"], if: precondition, caller), context)
        case "true": return .media(try operation.destroy(path["id"], if: precondition, caller), context)
        default: throw Problem.invalid("hard", "must be true or false")
        }
    }

    @Sendable static func restore(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let expected = request.header("HTTP_IF_MATCH")
        let precondition = try Precondition(ifMatch: expected)
        let once = try IdempotentRequest(request, caller, context)
        try Authorize.checkEarly(caller, .restore)
        let id = path["id"]
        return try once.run(
            content: { JSON(expected) },
            // A crash may have come between the change and the public link that goes with it.
            onReplay: { if let id = MediaID(id) { try SettlePublications(context: context).settle(id) } },
            operation: { try ChangeMedia(context: context).restore(id, if: precondition, caller, alongside: $0) },
            answer: { .media($0, context) })
    }
}
