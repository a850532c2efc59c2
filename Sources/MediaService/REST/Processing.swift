import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP

/// `/v1/media/{id}/processing`: how far the making of variants is, and having it done anew.
enum Processing {
    /// As JSON, or as an event for `EventSource` (WHATWG HTML, server-sent events): one in each answer, after which the browser asks again
    /// by itself, so that nobody's waiting holds a worker's thread. The answer to who has seen the last one is 204, which ends that.
    @Sendable static func get(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        let media = try ReadMedia(context: context).find(path["id"], caller, to: .read)
        let jobs = try JobQueue(context.connection).jobs(of: media.id).filter { $0.kind == .process }
        let state = json(media, jobs.first)
        guard request.header("HTTP_ACCEPT")?.contains("text/event-stream") == true else { return .json(state) }
        let isEnded = media.status != .processing && jobs.first?.isEnded != false
        if isEnded, request.header("HTTP_LAST_EVENT_ID") == "end" { return Response(status: .noContent) }
        var response = Response(status: .ok)
        response.fields[.contentType] = "text/event-stream"
        response.fields[.cacheControl] = "no-store"
        response.body = Array(
            "retry: 1000\nid: \(isEnded ? "end" : "\(media.revision)")\nevent: processing\ndata: \(state.text)\n\n".utf8
        )
        return response
    }

    /// Has it all made anew, of a file that has been processed or could not be.
    @Sendable static func again(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        var fields = BodyFields(try request.jsonObject(limit: 4096, maxDepth: 2), known: ["processing"])
        let choice = fields.text("processing") { MediaAttributes.fault(in: $0, "processing") }
        try fields.finish()
        let media = try ReprocessMedia(context: context).run(path["id"], choice, caller)
        return .json(json(media, try JobQueue(context.connection).jobs(of: media.id).first), status: .accepted)
    }

    /// Has a picture made in a size of the caller's own.
    @Sendable static func order(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .replaceFile)
        try request.requireNoQuery()
        var fields = BodyFields(try request.jsonObject(limit: 4096, maxDepth: 2), known: ["preset"])
        let form = fields.text("preset") { TextRules.fault(in: $0, maxLength: 100) }
        if form == nil { fields.require("preset") }
        try fields.finish()
        let (media, name, isMade) = try OrderVariant(context: context).run(form ?? "", of: path["id"], caller)
        let base = context.environment.baseURL
        let variants = media.variants.filter { $0.name == name }
        let answer = JSON.object([
            .init("name", .string(name)), .init("url", .string("\(base)/m/\(media.id)/\(name)")),
            .init("variants", .array(variants.map { $0.json(url: media.url(of: $0, baseURL: base)) })),
        ])
        return .json(answer, status: isMade ? .ok : .accepted)
    }

    private static func json(_ media: Media, _ job: Job?) -> JSON {
        let isDone = job?.state == .done || job == nil
        return .object([
            .init("id", .string(media.id.rawValue)), .init("status", .string(media.status.rawValue)),
            .init("processing", .string(media.processing ?? ProcessingChoice.none)),
            .init("state", JSON(job?.state.rawValue)),
            .init("percent", isDone ? .integer(100) : job?.progress?["percent"] ?? .integer(0)),
            .init("step", isDone ? .null : job?.progress?["step"] ?? .null),
            .init("steps", isDone ? .array([]) : job?.progress?["steps"] ?? .array([])),
            .init("attempts", .integer(job?.attempts ?? 0)),
            .init("failure", JSON(media.failureReason ?? job?.failure)),
        ])
    }
}
