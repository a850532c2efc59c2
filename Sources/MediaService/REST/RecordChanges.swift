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
        self.init(members, names: Self.names, isMergePatch: isMergePatch, metadataLimit: metadataLimit, &errors)
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    /// The changes of the pattern `media.update`, which has other fields.
    init(ofPlatform members: [JSON.Member], metadataLimit: Int) throws(Problem) {
        var errors: [Problem.FieldError] = []
        self.init(
            members.filter { $0.name != "status" && $0.name != "url" }, names: Self.names.subtracting(["title"]),
            isMergePatch: false, metadataLimit: metadataLimit, &errors)
        let body = JSON.object(members)
        if let value = body["status"], !value.isNull {
            status = value.string.flatMap(MediaStatus.init(rawValue:))
            let all = MediaStatus.allCases.map(\.rawValue).joined(separator: ", ")
            if status == nil { errors.append(.init("status", "must be one of \(all)")) }
        }
        if let value = body["url"], !value.isNull {
            url = value.string
            if url?.isEmpty ?? true { errors.append(.init("url", "must be a string, and not empty")) }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private init(
        _ members: [JSON.Member], names: Set<String>, isMergePatch: Bool, metadataLimit: Int,
        _ errors: inout [Problem.FieldError]
    ) {
        // Collected outside: what is inside of a closure can't be the parameter itself.
        var faults: [Problem.FieldError] = []
        defer { errors += faults }
        let body = JSON.object(members)
        func text(_ name: String) -> String? {
            guard let value = body[name], !value.isNull else { return nil }
            guard let text = value.string else {
                faults.append(.init(name, "must be a string or null, not \(value.kind)"))
                return nil
            }
            if let fault = MediaAttributes.fault(in: text, name) { faults.append(.init(name, fault)) }
            return text
        }
        for member in members where !names.contains(member.name) {
            let reason = Self.readOnly.contains(member.name) ? "can't be changed" : "unknown field"
            faults.append(.init(String(member.name.prefix(100)), reason))
        }
        if body["entityType"] != nil || body["entityId"] != nil {
            let type = text("entityType")
            let id = text("entityId")
            if let type, let id {
                entity = .some(EntityReference(type: type, id: id))
            } else if body["entityType"] == .null, body["entityId"] == .null {
                entity = .some(nil)
            } else if faults.isEmpty {
                faults.append(.init(type == nil ? "entityType" : "entityId", "entityType and entityId go together"))
            }
        }
        if let value = body["metadata"] {
            do {
                let checked = try MediaAttributes.checkedMetadata(value, limit: metadataLimit)
                metadata = isMergePatch ? .merge(checked ?? .null) : .replace(checked)
            } catch {
                faults += error.errors
            }
        }
        if let value = body["isPublic"] {
            isPublic = value.bool
            if value.bool == nil { faults.append(.init("isPublic", "must be true or false, not \(value.kind)")) }
        }
        if body["title"] != nil, names.contains("title") { title = .some(text("title")) }
    }
}
