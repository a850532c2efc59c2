/// Something of the platform that files belong to, such as a lesson: written `lesson:l1`.
package struct EntityReference: Hashable, Sendable {
    private var exactType: ExactText
    private var exactID: ExactText

    package var type: String { exactType.text }
    package var id: String { exactID.text }

    package init(type: String, id: String) {
        exactType = ExactText(type)
        exactID = ExactText(id)
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
