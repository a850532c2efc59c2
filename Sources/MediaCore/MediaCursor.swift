/// A keyset cursor: the last record of a page, behind which the next one starts.
///
/// It says where to go on at any depth, whatever was added or changed meanwhile. Ids sort by creation, so where that is the
/// order the id alone is enough; otherwise the value that the list is ordered by stands with it.
package struct MediaCursor: Equatable, Sendable {
    package let sort: MediaSort
    /// The last record's value of the sort's field, as text: milliseconds, bytes or the name; empty for `createdAt`.
    package let value: String
    package let last: MediaID

    /// The cursor behind a record.
    package init(after media: Media, sort: MediaSort = .newestFirst) {
        self.sort = sort
        value =
            switch sort.field {
            case .createdAt: ""
            case .updatedAt: String(media.updatedAt.milliseconds)
            case .size: String(media.size)
            case .name: media.originalName
            }
        last = media.id
    }

    /// A cursor as an earlier page gave it, or nil if it hasn't the form of one.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 2, parts[0] == "v1", let last = MediaID(String(parts[1])) {
            sort = .newestFirst
            value = ""
            self.last = last
            return
        }
        guard parts.count == 4, parts[0] == "v1", let sort = MediaSort(String(parts[1])),
            let value = Base64URL.decode(String(parts[2])).flatMap({ String(validating: $0, as: UTF8.self) }),
            let last = MediaID(String(parts[3]))
        else { return nil }
        switch sort.field {
        case .createdAt: guard value.isEmpty, sort != .newestFirst else { return nil }
        case .updatedAt, .size: guard Int64(value) != nil else { return nil }
        case .name: break
        }
        self.sort = sort
        self.value = value
        self.last = last
    }

    /// `v1.<id>` for the usual order, `v1.<order>.<value>.<id>` for the others.
    package var text: String {
        sort == .newestFirst ? "v1.\(last)" : "v1.\(sort.text).\(Base64URL.encode(Array(value.utf8))).\(last)"
    }
}
