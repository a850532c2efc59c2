/// How many files there are, and what they take.
package struct MediaStatistics: Equatable, Sendable {
    /// The files of one type and one status.
    package struct Group: Equatable, Sendable {
        package var type: MediaType
        package var status: MediaStatus
        package var count: Int64
        /// Bytes.
        package var size: Int64

        package init(type: MediaType, status: MediaStatus, count: Int64, size: Int64) {
            self.type = type
            self.status = status
            self.count = count
            self.size = size
        }
    }

    private let groups: [Group]

    package init(_ groups: [Group]) {
        self.groups = groups
    }

    /// The sums, of files that are not deleted but for `byStatus`.
    package var json: JSON {
        let living = groups.filter { $0.status != .deleted }
        return .object([
            .init("total", .integer(Self.sum(living, \.count))),
            .init("totalSize", .integer(Self.sum(living, \.size))),
            .init(
                "byType",
                .object(MediaType.allCases.map { type in Self.sum(type.rawValue, living.filter { $0.type == type }) })),
            .init(
                "byStatus",
                .object(
                    MediaStatus.allCases.map { status in
                        Self.sum(status.rawValue, groups.filter { $0.status == status })
                    })),
        ])
    }

    /// What records that point outside say of their sizes nobody has checked: their sum may be more than there is room for.
    private static func sum(_ groups: [Group], _ number: KeyPath<Group, Int64>) -> Int64 {
        groups.reduce(0) { sum, group in
            let (result, isTooLarge) = sum.addingReportingOverflow(group[keyPath: number])
            return isTooLarge ? .max : result
        }
    }

    private static func sum(_ name: String, _ groups: [Group]) -> JSON.Member {
        .init(
            name,
            .object([
                .init("count", .integer(sum(groups, \.count))),
                .init("size", .integer(sum(groups, \.size))),
            ]))
    }
}
