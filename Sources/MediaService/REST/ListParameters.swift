import MediaCore
import MediaDatabase
import MediaHTTP

/// The query of a list: filters, order, page.
struct ListParameters {
    private static let filterNames: Set<String> = [
        "type", "status", "userId", "entityType", "entityId", "isPublic", "createdFrom", "createdBefore", "minSize",
        "maxSize", "name", "search",
    ]

    /// All that says which records a list has, in which order, and which of them.
    static let names = filterNames.union(["sort", "page", "limit", "cursor"])

    /// What is asked for.
    struct List {
        var filter: MediaFilter
        var sort: MediaSort
        var position: MediaRepository.Position
        var limit: Int
    }

    private let values: [String: String]
    /// The query without what names a page, written anew.
    private let rest: String

    /// - Parameter values: of `names` only.
    init(values: [String: String]) {
        self.values = values
        rest = ""
    }

    /// - Parameter names: what the path says already.
    init(_ query: String, without names: Set<String>) throws(HTTPError) {
        values = try QueryParameters(query, allowed: Self.names.subtracting(names).union(["fields"])).values
        rest = values.filter { $0.key != "page" && $0.key != "cursor" }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(PercentEncoding.pathSegment($0.value))" }.joined(separator: "&")
    }

    subscript(name: String) -> String? { values[name] }

    /// - Throws: 400 with every parameter that has a wrong value.
    func list(_ base: MediaFilter, maxLimit: Int) throws(Problem) -> List {
        var errors: [Problem.FieldError] = []
        let filter = filter(base, &errors)
        var sort = MediaSort.newestFirst
        if let text = values["sort"] {
            if let value = MediaSort(text) {
                sort = value
            } else {
                let fields = MediaSort.Field.allCases.map(\.rawValue).joined(separator: ", ")
                errors.append(.init("sort", "must be one of \(fields), with '-' in front for the descending order"))
            }
        }
        let limit = Int(number("limit", 1...Int64(maxLimit), &errors) ?? min(10, Int64(maxLimit)))
        var position = MediaRepository.Position.page(Int(number("page", 1...1_000_000_000, &errors) ?? 1))
        if let text = values["cursor"] {
            if values["page"] != nil { errors.append(.init("cursor", "doesn't go together with page")) }
            if let cursor = MediaCursor(text), values["sort"] == nil || cursor.sort == sort {
                sort = cursor.sort
                position = .cursor(cursor)
            } else {
                errors.append(.init("cursor", "must be a nextCursor of an earlier page of the same list"))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return List(filter: filter, sort: sort, position: position, limit: limit)
    }

    private func filter(_ base: MediaFilter, _ errors: inout [Problem.FieldError]) -> MediaFilter {
        var filter = base
        filter.type = choice("type", MediaType.allCases, &errors)
        filter.status = choice("status", MediaStatus.allCases, &errors)
        if let id = values["userId"] { filter.userID = id }
        switch (values["entityType"], values["entityId"]) {
        case (nil, nil): break
        case (let type?, let id?): filter.entity = EntityReference(type: type, id: id)
        case (let type, _):
            errors.append(.init(type == nil ? "entityType" : "entityId", "entityType and entityId go together"))
        }
        switch values["isPublic"] {
        case nil: break
        case "true": filter.isPublic = true
        case "false": filter.isPublic = false
        default: errors.append(.init("isPublic", "must be true or false"))
        }
        filter.createdFrom = moment("createdFrom", &errors)
        filter.createdBefore = moment("createdBefore", &errors)
        filter.minSize = number("minSize", 0...Int64.max, &errors)
        filter.maxSize = number("maxSize", 0...Int64.max, &errors)
        if let name = values["name"] {
            filter.name = name
            if let fault = TextRules.fault(in: name, maxLength: 255) { errors.append(.init("name", fault)) }
        }
        if let text = values["search"] {
            filter.words = SearchWords.words(text)
            if !(1...SearchWords.maxCount).contains(filter.words.count) {
                errors.append(.init("search", "must have 1 to \(SearchWords.maxCount) words, of letters and digits"))
            }
        }
        return filter
    }

    private func choice<T: RawRepresentable<String>>(
        _ name: String, _ all: [T], _ errors: inout [Problem.FieldError]
    ) -> T? {
        guard let text = values[name] else { return nil }
        if let value = T(rawValue: text) { return value }
        errors.append(.init(name, "must be one of \(all.map(\.rawValue).joined(separator: ", "))"))
        return nil
    }

    private func moment(_ name: String, _ errors: inout [Problem.FieldError]) -> Timestamp? {
        guard let text = values[name] else { return nil }
        if let moment = Timestamp(iso8601: text) { return moment }
        errors.append(.init(name, "must be a moment in UTC such as 2026-01-31T09:05:00Z, or a day such as 2026-01-31"))
        return nil
    }

    private func number(
        _ name: String, _ range: ClosedRange<Int64>, _ errors: inout [Problem.FieldError]
    ) -> Int64? {
        guard let text = values[name] else { return nil }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), range.contains(number) {
            return number
        }
        errors.append(.init(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)"))
        return nil
    }

    /// The pages beside this one, as `Link` names them (RFC 8288).
    func links(_ page: MediaPage, path: String) -> [(relation: String, target: String)] {
        func target(_ parameter: String) -> String { "\(path)?\(rest.isEmpty ? "" : rest + "&")\(parameter)" }
        var links: [(relation: String, target: String)] = []
        if let cursor = page.nextCursor { links.append(("next", target("cursor=\(cursor.text)"))) }
        // Behind the last page it is the last one.
        if page.page > 1 { links.append(("prev", target("page=\(max(1, min(page.page - 1, Int(page.totalPages))))"))) }
        if !links.isEmpty { links.append(("first", target("page=1"))) }
        return links
    }
}
