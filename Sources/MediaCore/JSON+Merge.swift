extension JSON {
    /// The value after a JSON merge patch (RFC 7396 §2). Members keep their order, new ones come last.
    package func merged(with patch: JSON) -> JSON {
        guard let changes = patch.object else { return patch }
        // Nil: removed.
        var members: [Member?] = object ?? []
        var places: [ExactText: Int] = [:]
        for (index, member) in members.enumerated() { if let member { places[ExactText(member.name)] = index } }
        for change in changes {
            let index = places[ExactText(change.name)]
            if change.value.isNull {
                if let index { members[index] = nil }
                continue
            }
            let value = (index.flatMap { members[$0]?.value } ?? .null).merged(with: change.value)
            if let index { members[index]?.value = value } else { members.append(Member(change.name, value)) }
        }
        return .object(members.compactMap(\.self))
    }

    /// How deep arrays and objects nest: 0 for a plain value.
    package var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .bytes: 1
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}
