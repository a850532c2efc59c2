import MediaCore

extension ChangeMedia.Changes {
    private static let names: Set<String> = ["entityType", "entityId", "metadata", "isPublic", "title"]
    private static let readOnly = Set(Media.fieldNames).subtracting(names)

    /// The changes that a JSON object asks for: the fields that it has, of which `null` clears one.
    ///
    /// - Parameters:
    ///   - isMergePatch: whether the metadata is merged (RFC 7396) and not replaced.
    ///   - metadataLimit: bytes.
    /// - Throws: 400 with every field that can't be changed or has a wrong value.
    init(_ members: [JSON.Member], isMergePatch: Bool, metadataLimit: Int) throws(Problem) {
        var errors: [Problem.FieldError] = []
        let body = JSON.object(members)
        func text(_ name: String) -> String? {
            guard let value = body[name], !value.isNull else { return nil }
            guard let text = value.string else {
                errors.append(.init(name, "must be a string or null, not \(value.kind)"))
                return nil
            }
            if let fault = MediaAttributes.fault(in: text, name) { errors.append(.init(name, fault)) }
            return text
        }
        for member in members where !Self.names.contains(member.name) {
            let reason = Self.readOnly.contains(member.name) ? "can't be changed" : "unknown field"
            errors.append(.init(String(member.name.prefix(100)), reason))
        }
        if body["entityType"] != nil || body["entityId"] != nil {
            let type = text("entityType")
            let id = text("entityId")
            if let type, let id {
                entity = .some(EntityReference(type: type, id: id))
            } else if body["entityType"] == .null, body["entityId"] == .null {
                entity = .some(nil)
            } else if errors.isEmpty {
                errors.append(.init(type == nil ? "entityType" : "entityId", "entityType and entityId go together"))
            }
        }
        if let value = body["metadata"] {
            do {
                let checked = try MediaAttributes.checkedMetadata(value, limit: metadataLimit)
                metadata = isMergePatch ? .merge(checked ?? .null) : .replace(checked)
            } catch {
                errors += error.errors
            }
        }
        if let value = body["isPublic"] {
            isPublic = value.bool
            if value.bool == nil { errors.append(.init("isPublic", "must be true or false, not \(value.kind)")) }
        }
        if body["title"] != nil { title = .some(text("title")) }
        guard errors.isEmpty else { throw .invalid(errors) }
    }
}
