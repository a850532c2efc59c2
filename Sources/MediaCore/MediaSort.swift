/// What a list is ordered by; records that are equal in it are ordered by their id, in the same direction.
package struct MediaSort: Hashable, Sendable {
    package enum Field: String, CaseIterable, Sendable {
        case createdAt, updatedAt, size, name
    }

    package var field: Field
    package var isDescending: Bool

    package init(_ field: Field, isDescending: Bool) {
        self.field = field
        self.isDescending = isDescending
    }

    package static let newestFirst = MediaSort(.createdAt, isDescending: true)

    /// A field's name, with `-` in front for the descending order; nil where it is none.
    package init?(_ text: String) {
        let isDescending = text.hasPrefix("-")
        guard let field = Field(rawValue: isDescending ? String(text.dropFirst()) : text) else { return nil }
        self.init(field, isDescending: isDescending)
    }

    package var text: String { (isDescending ? "-" : "") + field.rawValue }
}
