/// A keyset cursor: the last record of a page, behind which the next one starts.
///
/// Ids sort by creation, so the id alone says where to go on, at any depth and whatever was added meanwhile.
package struct MediaCursor: Equatable, Sendable {
    package let last: MediaID

    package init(after last: MediaID) {
        self.last = last
    }

    /// A cursor as an earlier page gave it, or nil if it hasn't the form of one.
    package init?(_ text: String) {
        guard text.hasPrefix("v1."), let last = MediaID(String(text.dropFirst(3))) else { return nil }
        self.last = last
    }

    package var text: String { "v1.\(last)" }
}
