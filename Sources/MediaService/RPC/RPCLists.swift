import MediaCore
import MediaDatabase

/// The patterns about many records.
enum RPCLists {
    @Sendable static func all(_ call: RPCCall) throws -> JSON {
        try page(MediaFilter(), try call.members(), known: ListParameters.names, call)
    }

    /// The data is the user's id, or has it beside the page.
    @Sendable static func ofUser(_ call: RPCCall) throws -> JSON {
        if let id = call.data.string { return try page(MediaFilter(userID: id), [], known: [], call) }
        let (id, rest) = try split(call, "userId")
        return try page(
            MediaFilter(userID: id), rest, known: ListParameters.names.subtracting(["userId"]), call)
    }

    /// An array and no page object: all of the entity's records, unless a page is asked for.
    @Sendable static func ofEntity(_ call: RPCCall) throws -> JSON {
        var (id, rest) = try split(call, "entityId")
        guard let type = rest.first(where: { $0.name == "entityType" })?.value.string, !type.isEmpty else {
            throw Problem.invalid("entityType", "must be given, as a string")
        }
        rest.removeAll { $0.name == "entityType" }
        let names = ListParameters.names.subtracting(["entityId", "entityType"])
        let filter = MediaFilter(entity: EntityReference(type: type, id: id))
        let records = try rest.isEmpty ? whole(filter, call) : list(filter, rest, known: names, call).media
        return .array(records.map(call.json))
    }

    /// How many files there are, and what they take: by type and by status.
    @Sendable static func statistics(_ call: RPCCall) throws -> JSON {
        var fields = BodyFields(try call.members(), known: ["userId"])
        let userID = fields.text("userId") { MediaAttributes.fault(in: $0, "userId") }
        try fields.finish()
        return try ReadMedia(context: call.context).statistics(of: userID, call.caller).json
    }

    // MARK: Reading

    private static func page(
        _ filter: MediaFilter, _ members: [JSON.Member], known: Set<String>, _ call: RPCCall
    ) throws -> JSON {
        try list(filter, members, known: known, call).json(call.json)
    }

    private static func list(
        _ filter: MediaFilter, _ members: [JSON.Member], known: Set<String>, _ call: RPCCall
    ) throws -> MediaPage {
        let maxLimit = call.context.environment.configuration.number(.pageLimit)
        let list = try ListParameters(values: texts(members, known)).list(filter, maxLimit: maxLimit)
        return try ReadMedia(context: call.context).list(
            list.filter, sort: list.sort, at: list.position, limit: list.limit, call.caller)
    }

    private static func whole(_ filter: MediaFilter, _ call: RPCCall) throws -> [Media] {
        let limit = call.context.environment.configuration.number(.messageRecords)
        let page = try ReadMedia(context: call.context).list(
            filter, sort: .newestFirst, at: .page(1), limit: limit, call.caller)
        guard page.nextCursor == nil else {
            throw Problem.invalid(
                "params", "must be given with a page and a limit: there are \(page.total) records, more than \(limit)")
        }
        return page.media
    }

    /// The member that the list is about, and what says which page of it: beside that, or in a member `params`.
    private static func split(_ call: RPCCall, _ name: String) throws(Problem) -> (id: String, rest: [JSON.Member]) {
        let members = try call.members()
        guard let id = JSON.object(members)[name]?.string, !id.isEmpty else {
            throw .invalid(name, "must be given, as a string")
        }
        var rest = members.filter { $0.name != name && $0.name != "params" }
        switch JSON.object(members)["params"] {
        case nil, .null: break
        case .object(let params): rest += params
        case let other?: throw .invalid("params", "must be a JSON object, not \(other.kind)")
        }
        return (id, rest)
    }

    /// What a query would say. Numbers may come as texts, since gateways pass queries on.
    private static func texts(_ members: [JSON.Member], _ known: Set<String>) throws(Problem) -> [String: String] {
        var texts: [String: String] = [:]
        var errors: [Problem.FieldError] = []
        for member in members {
            let name = String(member.name.prefix(100))
            guard known.contains(member.name) else {
                errors.append(.init(name, "unknown field"))
                continue
            }
            switch member.value {
            case .null: break
            case .string(let text): texts[member.name] = text
            case .integer(let number): texts[member.name] = String(number)
            case .bool(let flag): texts[member.name] = flag ? "true" : "false"
            default: errors.append(.init(name, "must not be \(member.value.kind)"))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return texts
    }
}
