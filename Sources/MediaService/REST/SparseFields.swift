import MediaCore

/// Which members of a record an answer is to have: `?fields=id,url`.
struct SparseFields {
    private let names: Set<String>?

    /// - Parameter text: names with commas; nil: all.
    /// - Throws: 400 for a name that no record has.
    init(_ text: String?) throws(Problem) {
        guard let text else {
            names = nil
            return
        }
        let names = text.split(separator: ",").map(String.init)
        for name in names where !Media.fieldNames.contains(name) {
            throw .invalid(
                "fields",
                "there is no field '\(name.prefix(100))'; known: \(Media.fieldNames.joined(separator: ", "))")
        }
        guard !names.isEmpty else { throw .invalid("fields", "must name at least one field") }
        self.names = Set(names)
    }

    var areAll: Bool { names == nil }

    func select(_ record: JSON) -> JSON {
        guard let names, let members = record.object else { return record }
        return .object(members.filter { names.contains($0.name) })
    }
}
