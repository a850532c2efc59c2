/// Which records a list has; nil doesn't narrow it down.
package struct MediaFilter: Equatable, Sendable {
    package var type: MediaType?
    /// Nil: all but the deleted ones.
    package var status: MediaStatus?
    package var userID: String?
    package var entity: EntityReference?
    package var isPublic: Bool?
    /// Created at this moment or later.
    package var createdFrom: Timestamp?
    /// Created before this moment.
    package var createdBefore: Timestamp?
    /// Bytes.
    package var minSize: Int64?
    package var maxSize: Int64?
    /// A part of the file's original name, in whatever case.
    package var name: String?
    /// Found by each of these words or beginnings of words, in the file's name, the title, or what the file says; by those that
    /// aren't indexed where there are no others (see `SearchWords`).
    package var words: [String] = []

    package init() {}

    package init(userID: String) {
        self.userID = userID
    }

    package init(entity: EntityReference) {
        self.entity = entity
    }
}
