import MediaCore

/// The SQL of a list: its condition, its order, and where a page starts.
struct MediaListQuery {
    /// Ids from one text on, and before another.
    struct IDRange {
        var from: String?
        var end: String?
    }

    /// Tables and condition of what counts the records, from `media m` on.
    var countedSource: String { "\(countedTables) \(condition)" }
    private let tables: String
    private let countedTables: String
    private var condition = "WHERE TRUE"
    private(set) var parameters: [Value] = []
    private let sort: MediaSort
    /// Of everybody's records the index that has them in the list's order, where there is one beside the key.
    private let orderIndex: String?
    /// The list's period, and the records outside of it that stand before its own in the list's order.
    private let period: IDRange?
    private var ahead: IDRange?
    /// The column with the record's id that an index has in the list's order.
    private let key: String

    /// - Parameter readyOnly: leaves out what is in the making or failed.
    init(_ filter: MediaFilter, sort: MediaSort, readyOnly: Bool) {
        self.sort = sort
        period = IDRange(filter)
        let isOfAll = filter.entity == nil && filter.words.isEmpty && filter.userID == nil
        orderIndex = isOfAll ? Self.index(sort.field) : nil
        let words = filter.words.isEmpty ? "" : " JOIN media_words w ON w.media_id = m.id"
        if let entity = filter.entity {
            tables = "media_entities e JOIN media m ON m.id = e.media_id\(words)"
            countedTables = tables
            condition = "WHERE e.entity_type = ? AND e.entity_id = ?"
            parameters = [.text(entity.type), .text(entity.id)]
            key = "e.media_id"
        } else if !filter.words.isEmpty {
            tables = "media m\(words)"
            countedTables = tables
            key = "m.id"
        } else if filter.userID != nil {
            // The optimizer would rather read all of the user's records and sort them, or everybody's in the right order.
            tables = "media m FORCE INDEX (\(Self.userIndex(sort.field)))"
            countedTables = "media m FORCE INDEX (\(Self.countIndexes(filter)))"
            key = "m.id"
        } else {
            tables = "media m"
            // The index is a fifth of the table, which the optimizer reads as gladly.
            let hasIndex = period == nil && filter.minSize == nil && filter.maxSize == nil && filter.name == nil
            countedTables = hasIndex ? "media m FORCE INDEX (\(Self.countIndex))" : tables
            key = "m.id"
        }
        switch filter.status {
        case _ where readyOnly:
            condition += " AND m.status = 'READY'"
            if filter.status.map({ $0 != .ready }) ?? false { condition += " AND FALSE" }
        case nil: condition += " AND m.status <> 'DELETED'"
        case let status?: add("m.status = ?", .text(status.rawValue))
        }
        if let userID = filter.userID { add("m.user_id = ?", .text(userID)) }
        if let type = filter.type { add("m.type = ?", .text(type.rawValue)) }
        if let isPublic = filter.isPublic { add("m.is_public = ?", .bool(isPublic)) }
        if let from = period?.from { add("\(key) >= ?", .text(from)) }
        if let end = period?.end { add("\(key) < ?", .text(end)) }
        if sort.field == .updatedAt {
            ahead = sort.isDescending ? period?.end.map { IDRange(from: $0) } : period?.from.map { IDRange(end: $0) }
        }
        if let bytes = filter.minSize { add("m.size >= ?", .integer(bytes)) }
        if let bytes = filter.maxSize { add("m.size <= ?", .integer(bytes)) }
        if let name = filter.name {
            add("m.original_name COLLATE utf8mb4_unicode_nopad_ci LIKE ? ESCAPE '|'", .text("%\(Self.escaped(name))%"))
        }
        let indexed = filter.words.filter(SearchWords.isIndexed)
        if !indexed.isEmpty {
            let all = indexed.map { "+\($0)*" }.joined(separator: " ")
            add("MATCH (w.name, w.body) AGAINST (? IN BOOLEAN MODE)", .text(all))
        }
        // Where the index has none of them, names are looked through. Words have nothing that LIKE reads otherwise.
        for word in filter.words where indexed.isEmpty {
            add("CONCAT(' ', w.name) LIKE ?", .text("% \(word)%"))
        }
    }

    /// Tables and condition of what reads a page, from `media m` on.
    ///
    /// - Parameters:
    ///   - total: how many records the list has.
    ///   - estimate: asked about how many records a range of ids has.
    func source(
        total: Int64, estimate: (IDRange) throws(MariaDBError) -> Int64
    ) throws(MariaDBError) -> String {
        guard let orderIndex, try isSorted(total, estimate) else { return "\(tables) \(condition)" }
        return "\(tables) IGNORE INDEX FOR ORDER BY (\(orderIndex)) \(condition)"
    }

    /// Whether to sort the records costs less than to read them in their order.
    ///
    /// The optimizer takes them for spread evenly over the order. But few of any kind lead through all records, and those of a period through
    /// all that were made after it, or before it: what is changed last was mostly made last.
    private func isSorted(
        _ total: Int64, _ estimate: (IDRange) throws(MariaDBError) -> Int64
    ) throws(MariaDBError) -> Bool {
        if total < Self.few { return true }
        guard let period else { return false }
        let count = try estimate(period)
        if count < Self.soonSorted { return true }
        guard let ahead else { return false }
        // To look a record up costs ten times as much as to read the next one.
        return try estimate(ahead) > count / 10
    }

    private static let few: Int64 = 1000
    /// Records of a period that are read and sorted in less than 0.1 s.
    private static let soonSorted: Int64 = 200_000

    private static func index(_ field: MediaSort.Field) -> String? {
        switch field {
        case .updatedAt: "media_updated_at"
        case .size: "media_size"
        case .createdAt, .name: nil
        }
    }

    /// The index that has what each user's records are mostly counted by, beside the order of creation.
    static let countIndex = "media_user"

    /// Those among which the optimizer chooses to count a user's records.
    private static func countIndexes(_ filter: MediaFilter) -> String {
        if filter.name != nil { return userIndex(.name) }
        return filter.minSize == nil && filter.maxSize == nil ? countIndex : "\(countIndex), \(userIndex(.size))"
    }

    /// The index that has each user's records in an order.
    private static func userIndex(_ field: MediaSort.Field) -> String {
        switch field {
        case .createdAt: countIndex
        case .updatedAt: "media_user_updated_at"
        case .size: "media_user_size"
        case .name: "media_user_name"
        }
    }

    private mutating func add(_ condition: String, _ value: Value) {
        self.condition += " AND \(condition)"
        parameters.append(value)
    }

    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "|" { escaped.append("|") }
            escaped.append(scalar)
        }
        return String(escaped)
    }

    var order: String {
        let direction = sort.isDescending ? "DESC" : "ASC"
        return column.map { " ORDER BY \($0) \(direction), \(key) \(direction)" } ?? " ORDER BY \(key) \(direction)"
    }

    /// The condition for what stands behind a cursor.
    func behind(_ cursor: MediaCursor) -> (sql: String, parameters: [Value]) {
        let sign = sort.isDescending ? "<" : ">"
        guard let column else { return (" AND \(key) \(sign) ?", [.text(cursor.last)]) }
        let value: Value =
            switch sort.field {
            case .createdAt, .name: .text(cursor.value)
            case .size: .integer(Int64(cursor.value) ?? 0)
            case .updatedAt: .timestamp(Timestamp(milliseconds: Int64(cursor.value) ?? 0))
            }
        // Two ranges of the index, so that very many equal values cost no more than different ones.
        return (
            " AND (\(column) \(sign) ? OR (\(column) = ? AND \(key) \(sign) ?))",
            [value, value, .text(cursor.last)]
        )
    }

    /// What the list is ordered by before the id.
    private var column: String? {
        switch sort.field {
        case .createdAt: nil
        case .updatedAt: "m.updated_at"
        case .size: "m.size"
        case .name: "m.original_name"
        }
    }
}

extension MediaListQuery.IDRange {
    /// The ids of a list's period; nil where it has none. Ids start with the moment of creation.
    init?(_ filter: MediaFilter) {
        (from, end) = (filter.createdFrom.map(MediaID.prefix), filter.createdBefore.map(MediaID.prefix))
        if from == nil && end == nil { return nil }
    }
}
