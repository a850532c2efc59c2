import MediaCore
import MediaDatabase
import MediaHTTP

/// `GET /v1/users/{id}/usage`: what a user's files take, and what they may take.
enum GetUsage {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try request.requireNoQuery()
        try Authorize.check(caller, .readUsage(userID: path["id"]))
        let usage = try UsageRepository(context.connection).usage(of: path["id"])
        let quota = CountUsage(environment: context.environment).userQuota
        return .json(
            .object([
                .init("userId", .string(path["id"])),
                .init("bytes", .integer(usage.bytes)),
                .init("files", .integer(usage.files)),
                .init("maxBytes", quota.bytes.map(JSON.integer) ?? .null),
                .init("maxFiles", quota.files.map(JSON.integer) ?? .null),
            ]))
    }
}
