/// A keyset cursor: the last record of a page, behind which the next one starts.
///
/// It says where to go on at any depth, whatever was added or changed meanwhile. Ids sort by creation, so where that is the
/// order the id alone is enough; otherwise the value that the list is ordered by stands with it. How many records the list has
/// goes along from its first page: counting them costs more than any page does.
package struct MediaCursor: Equatable, Sendable {
    package let sort: MediaSort
    /// The last record's value of the sort's field, as text: milliseconds, bytes or the name; empty for `createdAt`.
    package let value: String
    package let last: MediaID
    /// Records of the list, as counted for its first page.
    package let total: Int64

    /// What every reader of JSON holds exactly (RFC 8259 §6).
    private static let maxTotal: Int64 = 1 << 53

    /// The cursor behind a record.
    package init(after media: Media, sort: MediaSort = .newestFirst, total: Int64) {
        self.sort = sort
        self.total = total
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
        guard parts.count >= 3, parts[0] == "v1", let total = Int64(parts[1]), (0...Self.maxTotal).contains(total),
            String(total) == parts[1],
            let last = parts.last.flatMap({ MediaID(String($0)) })
        else { return nil }
        self.total = total
        if parts.count == 3 {
            sort = .newestFirst
            value = ""
            self.last = last
            return
        }
        guard parts.count == 5, let sort = MediaSort(String(parts[2])),
            let value = Base64URL.decode(String(parts[3])).flatMap({ String(validating: $0, as: UTF8.self) })
        else { return nil }
        switch sort.field {
        case .createdAt: guard value.isEmpty, sort != .newestFirst else { return nil }
        case .updatedAt:
            guard let moment = Int64(value), Timestamp.storable.contains(Timestamp(milliseconds: moment)) else {
                return nil
            }
        case .size: guard let size = Int64(value), size >= 0 else { return nil }
        case .name: break
        }
        self.sort = sort
        self.value = value
        self.last = last
    }

    /// `v1.<total>.<id>` for the usual order, `v1.<total>.<order>.<value>.<id>` for the others.
    package var text: String {
        sort == .newestFirst
            ? "v1.\(total).\(last)" : "v1.\(total).\(sort.text).\(Base64URL.encode(Array(value.utf8))).\(last)"
    }
}
