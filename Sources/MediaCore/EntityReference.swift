/// Something of the platform that files belong to, such as a lesson: written `lesson:l1`.
package struct EntityReference: Hashable, Sendable {
    package var type: String
    package var id: String

    package init(type: String, id: String) {
        self.type = type
        self.id = id
    }

    /// Split at the first colon; nil where there is none or one of the parts is empty.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let id = text[text.index(after: colon)...]
        guard !id.isEmpty else { return nil }
        self.init(type: String(text[..<colon]), id: String(id))
    }

    package var text: String { "\(type):\(id)" }
}
