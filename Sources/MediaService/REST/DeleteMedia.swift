import MediaCore
import MediaHTTP

/// `DELETE /v1/media/{id}`: marks a record as deleted and answers it; with `?hard=true` it is removed for good, and
/// with `?force=true` also where it belongs to something.
/// `POST /v1/media/{id}/restore`: takes a deletion back.
enum DeleteMedia {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        let parameters = try QueryParameters(request.query, allowed: ["hard", "force"])
        let (isHard, isForced) = (try flag("hard", parameters), try flag("force", parameters))
        let precondition = try Precondition(ifMatch: request.parameter("HTTP_IF_MATCH"))
        let operation = ChangeMedia(context: context)
        let media =
            isHard
            ? try operation.destroy(path["id"], if: precondition, isForced: isForced, caller)
            : try operation.delete(path["id"], if: precondition, isForced: isForced, caller)
        return .media(media, context)
    }

    private static func flag(_ name: String, _ parameters: QueryParameters) throws(Problem) -> Bool {
        switch parameters[name] {
        case nil, "false": return false
        case "true": return true
        default: throw .invalid(name, "must be true or false")
        }
    }

    @Sendable static func restore(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let expected = request.parameter("HTTP_IF_MATCH")
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
