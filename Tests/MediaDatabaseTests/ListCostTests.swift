import MediaCore
@testable import MediaDatabase
import MediaTesting
import Testing

/// What lists read of the database: the rows of their page, wherever it is, and none to sort. Counted by the server, so it holds for
/// any number of records, as a duration would not.
struct ListCostTests {
    private static let count = 4000
    private static let limit = 20

    private static let shared = Result {
        let options = try PrivateMariaDB.shared().makeMigratedDatabase()
        try fill(Connection(options))
        return options
    }

    private let connection: Connection
    private let repository: MediaRepository

    init() throws {
        connection = Connection(try Self.shared.get())
        repository = MediaRepository(connection)
    }

    /// Half of the records are one user's, a quarter one entity's; one word is in each name, one in ten, and one in a single one.
    private static func fill(_ connection: Connection) throws {
        let hash = "UNHEX(REPEAT('ab', 32))"
        try connection.transaction { connection in
            try connection.execute(
                "INSERT INTO blobs (sha256, size, store, reference_count, created_at) VALUES (\(hash), 1, 'local', \(count), NOW(3))"
            )
            try connection.execute(
                """
                INSERT INTO media (id, type, original_name, mime_type, size, user_id, is_public, status, created_at, updated_at, sha256,
                    public_name)
                SELECT CONCAT('c', LPAD(LOWER(CONV(1769850300000 + seq * 1000, 10, 36)), 9, '0'), LPAD(seq, 15, '0')),
                    ELT(seq % 3 + 1, 'IMAGE', 'VIDEO', 'DOCUMENT'), CONCAT('file ', seq), 'image/png', seq,
                    IF(seq % 2, 'anna', CONCAT('user', seq)), seq % 10 = 0, 'READY', FROM_UNIXTIME(1769850300 + seq),
                    FROM_UNIXTIME(1769850300 + seq), \(hash), 'a.png'
                FROM seq_1_to_\(count)
                """)
            try connection.execute(
                """
                INSERT INTO media_entities (entity_type, entity_id, media_id, created_at)
                SELECT 'course', 'c1', id, created_at FROM media WHERE size % 4 = 0
                """)
            try connection.execute(
                """
                INSERT INTO media_words (media_id, name)
                SELECT id, CONCAT('lecture', IF(size % 400 = 0, ' tenth', ''), IF(size = 777, ' single', '')) FROM media
                """)
        }
        _ = try connection.query("ANALYZE TABLE media, media_entities, media_words", []) { _ in }
    }

    private struct Reads {
        /// Rows that an index led to, and those beside them in its order.
        var rows: Int64 = 0
        /// Rows of scans without an index, and of what was sorted.
        var scanned: Int64 = 0
        var sorted: Int64 = 0
    }

    private func reads(_ body: () throws -> Void) throws -> Reads {
        func now() throws -> Reads {
            var reads = Reads()
            let counters = try connection.query(
                "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Sort_rows'", []
            ) { (row) throws(MariaDBError) in (name: try row.text(0), count: Int64(try row.text(1)) ?? 0) }
            for (name, count) in counters {
                switch name {
                case "Handler_read_rnd_next", "Handler_read_rnd": reads.scanned += count
                case "Sort_rows": reads.sorted += count
                default: reads.rows += count
                }
            }
            return reads
        }
        let before = try now()
        // What asking itself reads.
        let between = try now()
        try body()
        let after = try now()
        return Reads(
            rows: after.rows - between.rows - (between.rows - before.rows),
            scanned: after.scanned - between.scanned - (between.scanned - before.scanned),
            sorted: after.sorted - between.sorted - (between.sorted - before.sorted))
    }

    private static func filter(_ change: (inout MediaFilter) -> Void) -> MediaFilter {
        var filter = MediaFilter()
        change(&filter)
        return filter
    }

    private static let lists: [(String, MediaFilter, String)] = [
        ("all", MediaFilter(), "-createdAt"), ("all, oldest first", MediaFilter(), "createdAt"),
        ("all by change", MediaFilter(), "-updatedAt"), ("all by size", MediaFilter(), "size"),
        ("a user's", MediaFilter(userID: "anna"), "-createdAt"),
        ("a user's, oldest first", MediaFilter(userID: "anna"), "createdAt"),
        ("a user's by change", MediaFilter(userID: "anna"), "-updatedAt"),
        ("a user's by size", MediaFilter(userID: "anna"), "size"),
        ("a user's by name", MediaFilter(userID: "anna"), "name"),
        ("a user's pictures by size", filter { ($0.userID, $0.type) = ("anna", .image) }, "-size"),
        ("an entity's", MediaFilter(entity: EntityReference(type: "course", id: "c1")), "-createdAt"),
        ("pictures", filter { $0.type = .image }, "-createdAt"),
        ("since a moment", filter { $0.createdFrom = Timestamp(milliseconds: 1_769_850_400_000) }, "-createdAt"),
    ]

    @Test("a page by cursor reads its own rows, at any depth, and sorts none", arguments: 0..<lists.count)
    func pages(index: Int) throws {
        let (name, filter, sort) = Self.lists[index]
        let order = try #require(MediaSort(sort))
        var position = MediaRepository.Position.page(1)
        // The first page counts the list.
        for number in 0..<12 {
            var page: MediaPage?
            let reads = try reads {
                page = try repository.list(filter, sort: order, at: position, limit: Self.limit)
            }
            position = .cursor(try #require(page?.nextCursor))
            if number == 0 { continue }
            // Of every third record, three are read for each.
            #expect(reads.rows <= Int64(Self.limit) * 4 + 10, "\(name), page \(number): \(reads)")
            #expect(reads.sorted == 0 && reads.scanned == 0, "\(name), page \(number): \(reads)")
        }
    }

    @Test(
        "a user's list with a filter that nearly nothing fits reads the user's records at most",
        arguments: [
            "-createdAt", "updatedAt", "-size", "name",
        ])
    func rareFilter(sort: String) throws {
        let filter = Self.filter { ($0.userID, $0.status) = ("user2", .failed) }
        let reads = try reads {
            _ = try repository.list(filter, sort: #require(MediaSort(sort)), at: .page(1), limit: Self.limit)
        }
        #expect(reads.rows <= 10 && reads.scanned <= 10, "\(sort): \(reads)")
    }

    @Test(
        "a user's records are counted by an index alone, whatever the order and the usual filters",
        arguments: ["-createdAt", "updatedAt", "-size", "name"])
    func counts(sort: String) throws {
        let filters = [
            MediaFilter(userID: "anna"), Self.filter { ($0.userID, $0.status) = ("anna", .failed) },
            Self.filter { ($0.userID, $0.type, $0.isPublic) = ("anna", .image, true) },
            Self.filter { ($0.userID, $0.minSize) = ("anna", 100) },
            Self.filter { ($0.userID, $0.createdFrom) = ("anna", Timestamp(milliseconds: 1_769_850_400_000)) },
        ]
        for filter in filters {
            let query = MediaListQuery(filter, sort: try #require(MediaSort(sort)), readyOnly: false)
            let plan = try connection.query(
                "EXPLAIN SELECT COUNT(*) FROM \(query.countedSource)", query.parameters
            ) { (row) throws(MariaDBError) in try row.text(9) }
            #expect(plan.count == 1 && plan[0].hasSuffix("Using index"), "\(filter): \(plan)")
        }
        let named = Self.filter { ($0.userID, $0.name) = ("anna", "file 77") }
        let order = try #require(MediaSort(sort))
        var total: Int64 = 0
        let reads = try reads { total = try repository.list(named, sort: order, at: .page(1), limit: Self.limit).total }
        #expect(total > 0)
        #expect(reads.rows < 6100, "\(reads)")
    }

    @Test("the records of a short period are sorted, in any order", arguments: ["updatedAt", "-updatedAt", "-size"])
    func period(sort: String) throws {
        let filter = Self.filter { $0.createdFrom = Timestamp(milliseconds: 1_769_852_300_000) }
        let order = try #require(MediaSort(sort))
        var total: Int64 = 0
        let reads = try reads {
            total = try repository.list(filter, sort: order, at: .page(1), limit: Self.limit).total
        }
        #expect(total > 1000)
        // They are counted, and read to be sorted.
        #expect(reads.rows <= total * 2 + 10 && reads.scanned <= total + 10, "\(reads)")
        #expect(reads.sorted > 0, "\(reads)")
    }

    @Test(
        "the records of a list are read in its order where that leads past few others",
        arguments: [
            ("-updatedAt", 500, 0, 0, true), ("-updatedAt", 100_000, 0, 0, false),
            ("-updatedAt", 100_000, 150_000, 0, true),
            ("-updatedAt", 100_000, 1_000_000, 0, false), ("updatedAt", 100_000, 1_000_000, 90_000, false),
            ("updatedAt", 100_000, 1_000_000, 200_000, true), ("size", 100_000, 1_000_000, 200_000, false),
            ("size", 100_000, 150_000, 0, true), ("createdAt", 500, 150_000, 0, false),
        ])
    func order(sort: String, total: Int64, inPeriod: Int64, ahead: Int64, isSorted: Bool) throws {
        let moment = Timestamp(milliseconds: 1_769_854_200_000)
        let filter = Self.filter {
            $0.status = .failed
            $0.createdFrom = inPeriod > 0 ? moment : nil
        }
        let query = MediaListQuery(filter, sort: try #require(MediaSort(sort)), readyOnly: false)
        let source = try query.source(total: total) { $0.from == MediaID.prefix(at: moment) ? inPeriod : ahead }
        #expect(source.contains("IGNORE INDEX FOR ORDER BY") == isSorted)
    }

    @Test("a search reads what has the words, and not the records")
    func search() throws {
        for (words, found) in [(["single"], 1), (["tenth"], 10), (["lecture", "single"], 1), (["nobody"], 0)] {
            var total: Int64 = 0
            let reads = try reads {
                total = try repository.list(Self.filter { $0.words = words }, at: .page(1), limit: Self.limit).total
            }
            #expect(total == Int64(found), "\(words)")
            #expect(reads.rows <= Int64(found) * 8 + 20 && reads.scanned <= Int64(found) * 4 + 20, "\(words): \(reads)")
        }
    }

    @Test("one record, by its id")
    func one() throws {
        let reads = try reads { _ = try repository.find(#require(MediaID("c0mbi1v2e0123456789abcdef"))) }
        #expect(reads.rows <= 1 && reads.scanned == 0)
    }
}
