import MediaCore
import MediaDatabase
import MediaHTTP

/// `GET /v1/media`, `/v1/users/{id}/media` and `/v1/entities/{type}/{id}/media`: pages of records, newest first.
enum ListMedia {
    @Sendable static func all(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try list(.all, request, context)
    }

    @Sendable static func ofUser(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try list(.user(path["id"]), request, context)
    }

    @Sendable static func ofEntity(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        try list(.entity(EntityReference(type: path["type"], id: path["id"])), request, context)
    }

    private static func list(
        _ selection: MediaRepository.Selection, _ request: Request, _ context: Context
    ) throws -> Response {
        let caller = try request.caller(context)
        let parameters = try QueryParameters(request.query, allowed: ["page", "limit", "cursor"])
        let maxLimit = context.environment.configuration.number(.pageLimit)
        let limit = try number(parameters, "limit", default: min(10, maxLimit), 1...maxLimit)
        var position = MediaRepository.Position.page(try number(parameters, "page", default: 1, 1...1_000_000_000))
        if let text = parameters["cursor"] {
            guard parameters["page"] == nil else { throw Problem.invalid("cursor", "doesn't go together with page") }
            guard let cursor = MediaCursor(text) else {
                throw Problem.invalid("cursor", "must be a nextCursor of an earlier page")
            }
            position = .cursor(cursor)
        }
        let page = try ReadMedia(context: context).list(selection, at: position, limit: limit, caller)
        return .json(page.json(baseURL: context.environment.baseURL))
    }

    private static func number(
        _ parameters: QueryParameters, _ name: String, default value: Int, _ range: ClosedRange<Int>
    ) throws(Problem) -> Int {
        guard let text = parameters[name] else { return value }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else {
            throw .invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
