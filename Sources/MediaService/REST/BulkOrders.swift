import MediaCore

/// Reads what `POST /v1/media/bulk` is to do: `{"operations": [{"op": "update", "id": …, "changes": {…}}, …]}`.
enum BulkOrders {
    /// How deep a record's metadata lies in the body.
    static let depth = 4

    private static let common: Set<String> = ["op", "id", "ifMatch"]
    /// What each operation takes beside.
    private static let known: [String: Set<String>] = [
        "update": ["changes", "mergePatch"], "delete": ["hard", "force"], "restore": [],
    ]

    /// - Parameters:
    ///   - limit: the most operations.
    ///   - metadataLimit: bytes.
    /// - Throws: 400 with what is wrong, up to a hundred things; then nothing is to be done.
    static func read(
        _ members: [JSON.Member], limit: Int, metadataLimit: Int
    ) throws(Problem) -> [ChangeMany.Order] {
        let body = JSON.object(members)
        guard let items = body["operations"]?.array, (1...limit).contains(items.count), members.count == 1 else {
            throw .invalid("operations", "must be an array of 1 to \(limit) objects, and the only field")
        }
        var orders: [ChangeMany.Order] = []
        orders.reserveCapacity(items.count)
        var errors: [Problem.FieldError] = []
        for (index, item) in items.enumerated() {
            guard let members = item.object else {
                errors.append(.init("operations[\(index)]", "must be an object, not \(item.kind)"))
                continue
            }
            let name = item["op"]?.string ?? ""
            let more = known[name] ?? known.values.reduce([]) { $0.union($1) }
            var fields = BodyFields(members, known: common.union(more), prefix: "operations[\(index)].")
            if let order = order(item, name, &fields, metadataLimit) { orders.append(order) }
            errors += fields.errors
        }
        guard errors.isEmpty else { throw .invalid(Array(errors.prefix(100))) }
        return orders
    }

    /// - Returns: nil where something is wrong, which `fields` has noted.
    private static func order(
        _ item: JSON, _ name: String, _ fields: inout BodyFields, _ metadataLimit: Int
    ) -> ChangeMany.Order? {
        let id = fields.text("id") { TextRules.fault(in: $0, maxLength: 100) }
        if item["id"]?.isNull ?? true { fields.refuse("id", "must be given") }
        let precondition = precondition(&fields)
        let action: ChangeMany.Order.Action?
        switch name {
        case "update": action = changes(item, &fields, metadataLimit).map { .update($0) }
        case "delete":
            let isForced = fields.bool("force") == true
            action = fields.bool("hard") == true ? .destroy(isForced: isForced) : .delete(isForced: isForced)
        case "restore": action = .restore
        default:
            fields.refuse("op", "must be one of: update, delete, restore")
            action = nil
        }
        guard let id, let action else { return nil }
        return ChangeMany.Order(id: id, action: action, precondition: precondition)
    }

    private static func precondition(_ fields: inout BodyFields) -> Precondition {
        let text = fields.text("ifMatch") { _ in nil }
        do {
            return try Precondition(ifMatch: text, field: "ifMatch")
        } catch {
            for fault in error.errors { fields.refuse(fault.field, fault.reason) }
            return .none
        }
    }

    /// What `changes` or `mergePatch` says: as PATCH takes it in `application/json` or `application/merge-patch+json`.
    private static func changes(
        _ item: JSON, _ fields: inout BodyFields, _ metadataLimit: Int
    ) -> ChangeMedia.Changes? {
        let given = ["changes", "mergePatch"].compactMap { name in item[name].map { (name: name, value: $0) } }
        guard let (name, value) = given.first, given.count == 1 else {
            fields.refuse("changes", "must be given, or mergePatch in its place")
            return nil
        }
        guard let members = value.object else {
            fields.refuse(name, "must be an object, not \(value.kind)")
            return nil
        }
        do {
            return try ChangeMedia.Changes(
                members, isMergePatch: name == "mergePatch", metadataLimit: metadataLimit)
        } catch {
            for fault in error.errors { fields.refuse("\(name).\(fault.field)", fault.reason) }
            return nil
        }
    }
}
