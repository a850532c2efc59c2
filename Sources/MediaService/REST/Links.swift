import HTTPTypes
import MediaCore
import MediaDatabase
import MediaHTTP

/// Signed links: `POST`, `GET` and `DELETE /v1/media/{id}/links`, `DELETE /v1/media/{id}/links/{linkId}` and, for many
/// files at once, `POST /v1/links`.
enum Links {
    private static let names: Set<String> = ["expiresIn", "variant", "downloadName", "network", "maxUses", "subject"]
    /// Bytes of a request for many links, for each of them.
    private static let bytesPerLink = 2048

    /// Bytes of a request for many links: what each may take, and what stands around them.
    static func bodyLimit(_ configuration: Configuration) -> Int {
        configuration.number(.linkBatch) * bytesPerLink + 16384
    }

    @Sendable static func create(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .manageLinks)
        try request.requireNoQuery()
        let once = try IdempotentRequest(request, caller, context)
        let members = try request.jsonObject(limit: bytesPerLink)
        var fields = BodyFields(members, known: names)
        let order = order(&fields, mediaID: path["id"], context)
        try fields.finish()
        return try once.run(
            content: { .object(members) },
            operation: { try SignLinks(context: context).run([order], caller, alongside: $0) },
            answer: { results in
                let made = try results[0].get()
                return .json(.object(json(made) + [try stream(made, context)]), status: .created)
            })
    }

    @Sendable static func createMany(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response
    {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .manageLinks)
        try request.requireNoQuery()
        let once = try IdempotentRequest(request, caller, context)
        let configuration = context.environment.configuration
        let limit = configuration.number(.linkBatch)
        let body = JSON.object(try request.jsonObject(limit: bodyLimit(configuration)))
        guard let items = body["links"]?.array, (1...limit).contains(items.count), body.object?.count == 1 else {
            throw Problem.invalid("links", "must be an array of 1 to \(limit) objects, and the only field")
        }
        let known = names.union(["mediaId"])
        var errors: [Problem.FieldError] = []
        let orders = items.enumerated().map { index, item in
            guard let members = item.object else {
                errors.append(.init("links[\(index)]", "must be an object, not \(item.kind)"))
                return SignLinks.Order(mediaID: "", lifetime: 1)
            }
            var fields = BodyFields(members, known: known, prefix: "links[\(index)].")
            let id = fields.text("mediaId") { TextRules.fault(in: $0, maxLength: 100) }
            if id == nil { fields.refuse("mediaId", "must be given") }
            let order = order(&fields, mediaID: id ?? "", context)
            errors += fields.errors
            return order
        }
        guard errors.isEmpty else { throw Problem.invalid(Array(errors.prefix(100))) }
        return try once.run(
            content: { body }, operation: { try SignLinks(context: context).run(orders, caller, alongside: $0) },
            answer: { .json(.object([.init("links", json(orders, $0, request.id, context))]), status: .created) })
    }

    private static func json(
        _ orders: [SignLinks.Order], _ results: [Result<SignLinks.Made, AccessRefused>], _ requestID: String,
        _ context: Context
    ) -> JSON {
        let links = zip(orders, results).map { order, result -> JSON in
            let id = JSON.Member("mediaId", .string(order.mediaID))
            switch result {
            case .success(let made): return .object([id] + json(made))
            case .failure(let refusal):
                let problem = ProblemMapping.problem(for: refusal, context)
                let json = problem.json(baseURL: context.environment.baseURL, requestID: requestID)
                return .object([id, .init("error", json)])
            }
        }
        return .array(links)
    }

    @Sendable static func list(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .manageLinks)
        try request.requireNoQuery()
        let items = try ManageLinks(context: context).list(path["id"], caller)
        return .json(.object([.init("links", .array(items.map(json)))]))
    }

    @Sendable static func revoke(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .manageLinks)
        try request.requireNoQuery()
        try ManageLinks(context: context).revoke(path["linkId"], of: path["id"], caller)
        return Response(status: .noContent)
    }

    @Sendable static func revokeAll(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        try Authorize.checkEarly(caller, .manageLinks)
        try request.requireNoQuery()
        try ManageLinks(context: context).revokeAll(of: path["id"], caller)
        return Response(status: .noContent)
    }

    private static func order(_ fields: inout BodyFields, mediaID: String, _ context: Context) -> SignLinks.Order {
        let maxLifetime = Int64(context.environment.configuration.number(.linkLifetime))
        let lifetime = fields.integer("expiresIn", 1...maxLifetime)
        if lifetime == nil, !fields.errors.contains(where: { $0.field.hasSuffix("expiresIn") }) {
            fields.refuse("expiresIn", "must be given, in seconds")
        }
        return SignLinks.Order(
            mediaID: mediaID, lifetime: Int(lifetime ?? 1),
            variant: fields.text("variant", SignedLink.fault(inVariant:)),
            downloadName: fields.text("downloadName", FileName.fault),
            network: fields.text("network") {
                Network($0) == nil ? "must be an address or a network such as 192.0.2.0/24" : nil
            },
            maxUses: fields.integer("maxUses", 1...1_000_000_000),
            subject: fields.text("subject") { TextRules.fault(in: $0, maxLength: 191) })
    }

    private static func json(_ made: SignLinks.Made) -> [JSON.Member] {
        [
            .init("id", .string(made.link.linkID.rawValue)), .init("url", .string(made.url)),
            .init("expiresAt", .string(Timestamp(milliseconds: made.link.expiresAt * 1000).iso8601)),
        ]
    }

    /// Where a player begins, of a film: its query stands in the path, where the film's other files have it, too. Not of a link that is
    /// used up by that, or whose query says more.
    private static func stream(_ made: SignLinks.Made, _ context: Context) throws -> JSON.Member {
        let link = made.link
        guard !link.isCounted, link.variant == nil, link.downloadName == nil, link.network == nil,
            let query = made.url.split(separator: "?").last,
            try !VariantRepository(context.connection).named("hls", of: link.mediaID).isEmpty
        else { return .init("streamUrl", .null) }
        return .init("streamUrl", .string("\(context.environment.baseURL)/s/\(link.mediaID)/\(query)/hls.m3u8"))
    }

    private static func json(_ item: ManageLinks.Item) -> JSON {
        let (entry, url) = item
        return .object([
            .init("id", .string(entry.link.linkID.rawValue)),
            .init("url", JSON(url)),
            .init("expiresAt", .string(Timestamp(milliseconds: entry.link.expiresAt * 1000).iso8601)),
            .init("createdAt", .string(entry.createdAt.iso8601)),
            .init("createdBy", .string(entry.createdBy)),
            .init("subject", JSON(entry.subject)),
            .init("variant", JSON(entry.link.variant)),
            .init("downloadName", JSON(entry.link.downloadName)),
            .init("network", JSON(entry.link.network)),
            .init("maxUses", entry.maxUses.map(JSON.integer) ?? .null),
            .init("uses", entry.maxUses == nil ? .null : .integer(entry.uses)),
        ])
    }
}
