import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct MediaRepositoryTests {
    private let connection: Connection
    private let repository: MediaRepository
    private var records: Records

    init() throws {
        connection = Connection(try PrivateMariaDB.shared().makeMigratedDatabase())
        repository = MediaRepository(connection)
        records = Records(connection)
    }

    private func update(_ new: Media, from old: Media) throws {
        try connection.transaction { try MediaRepository($0).update(new, from: old) }
    }

    private func ids(_ filter: MediaFilter, limit: Int = 100) throws -> [MediaID] {
        try repository.list(filter, at: .page(1), limit: limit).media.map(\.id)
    }

    @Test("a record comes back as it was stored, with everything set and with nothing")
    mutating func roundTrip() throws {
        let metadata = try JSONParser.parse(Array(#"{"b":[1,2.5,null],"a":"Grüße","n":{"x":true}}"#.utf8))
        let full = records.make(
            entity: ("lesson", "lesson-1"), metadata: metadata, title: "Títol", isPublic: true, status: .processing)
        let bare = records.make()
        for media in [full, bare] {
            try records.store(media)
            #expect(try repository.find(media.id) == media)
        }
    }

    @Test("an id that nobody has finds nothing")
    mutating func missing() throws {
        #expect(try repository.find(records.make().id) == nil)
    }

    @Test("a record needs its blob, and an id is used once")
    mutating func constraints() throws {
        let media = records.make()
        #expect(throws: MariaDBError.self) {
            try connection.transaction { try MediaRepository($0).insert(media) }
        }
        try records.store(media)
        let error = #expect(throws: MariaDBError.self) { try records.store(media) }
        #expect(error?.code == .duplicateKey)
        #expect(try connection.number("SELECT reference_count FROM blobs") == 1)
    }

    @Test("25 records by page: newest first, the last page shorter, an empty one behind it")
    mutating func pages() throws {
        let all = try (0..<25).map { _ in try records.add().id }.reversed() as [MediaID]
        for (number, expected) in [(1, all[0..<10]), (2, all[10..<20]), (3, all[20..<25]), (4, [])] {
            let page = try repository.list(MediaFilter(), at: .page(number), limit: 10)
            #expect(page.media.map(\.id) == Array(expected))
            #expect(page.total == 25 && page.totalPages == 3 && page.page == number && page.limit == 10)
            #expect(page.nextCursor?.text == (number < 3 ? expected.last.map { "v1.25.\($0)" } : nil))
        }
        #expect(try repository.list(MediaFilter(), at: .page(1_000_000_000), limit: 100).media == [])
    }

    @Test("25 records by cursor: each once, whatever is added meanwhile", arguments: [1, 5, 7, 24, 25, 100])
    mutating func cursor(limit: Int) throws {
        let all = try (0..<25).map { _ in try records.add().id }.reversed() as [MediaID]
        var seen: [MediaID] = []
        var position = MediaRepository.Position.page(1)
        for _ in 0..<30 {
            let page = try repository.list(MediaFilter(), at: position, limit: limit)
            seen += page.media.map(\.id)
            try records.add()
            guard let next = page.nextCursor else { break }
            position = .cursor(next)
        }
        #expect(seen == all)
    }

    @Test("a user's records are the user's alone; names that look alike are others")
    mutating func byUser() throws {
        let names = ["ada", "Ada", "adá", "ada ", " ada", "ada\t"]
        let media = try names.map { try records.add(user: $0).id }
        for (name, id) in zip(names, media) { #expect(try ids(MediaFilter(userID: name)) == [id]) }
        #expect(try ids(MediaFilter(userID: "' OR 1=1 --")) == [])
    }

    @Test("an entity's records need both type and id")
    mutating func byEntity() throws {
        let first = try records.add(entity: ("course", "1")).id
        let second = try records.add(entity: ("course", "1")).id
        try records.add(entity: ("lesson", "1"))
        try records.add(entity: ("course", "1 "))
        try records.add(entity: ("Course", "1"))
        try records.add(entity: ("course", "2"))
        #expect(try ids(MediaFilter(entity: EntityReference(type: "course", id: "1"))) == [second, first])
        let page = try repository.list(
            MediaFilter(entity: EntityReference(type: "course", id: "1")), at: .page(1), limit: 1)
        #expect(page.total == 2)
        let next = try #require(page.nextCursor)
        let rest = try repository.list(
            MediaFilter(entity: EntityReference(type: "course", id: "1")), at: .cursor(next), limit: 1)
        #expect(rest.media.map(\.id) == [first] && rest.nextCursor == nil)
    }

    @Test("deleted records are in no list, and are found by id")
    mutating func deleted() throws {
        let gone = try records.add(user: "u", entity: ("course", "1"), status: .deleted)
        let kept = try records.add(user: "u", entity: ("course", "1"))
        let course = EntityReference(type: "course", id: "1")
        for filter in [MediaFilter(), MediaFilter(userID: "u"), MediaFilter(entity: course)] {
            let page = try repository.list(filter, at: .page(1), limit: 10)
            #expect(page.media.map(\.id) == [kept.id] && page.total == 1)
        }
        #expect(try repository.find(gone.id)?.status == .deleted)
    }

    @Test("an update writes what may change and nothing else")
    mutating func update() throws {
        let old = try records.add(entity: ("course", "1"))
        var new = old
        new.metadata = .object([.init("a", .integer(1))])
        new.title = "new"
        new.isPublic = true
        new.updatedAt = old.updatedAt.adding(seconds: 5)
        var sent = new
        sent.originalName = "other"
        sent.userID = "other"
        sent.size = 1
        try update(sent, from: old)
        #expect(try repository.find(old.id) == new)
    }

    @Test("an update moves the link to the entity, and takes it away")
    mutating func moveEntity() throws {
        let first = try records.add(entity: ("course", "1"))
        var second = first
        second.entityType = "lesson"
        second.entityID = "2"
        try update(second, from: first)
        #expect(try ids(MediaFilter(entity: EntityReference(type: "course", id: "1"))) == [])
        #expect(try ids(MediaFilter(entity: EntityReference(type: "lesson", id: "2"))) == [first.id])
        var third = second
        third.entityType = nil
        third.entityID = nil
        try update(third, from: second)
        #expect(try ids(MediaFilter(entity: EntityReference(type: "lesson", id: "2"))) == [])
        #expect(try connection.number("SELECT COUNT(*) FROM media_entities") == 0)
        try update(first, from: third)
        #expect(try ids(MediaFilter(entity: EntityReference(type: "course", id: "1"))) == [first.id])
    }

    @Test("the moment of deletion is kept beside the status")
    mutating func deletionMoment() throws {
        let old = try records.add()
        var new = old
        try new.delete(at: old.updatedAt.adding(seconds: 9))
        try update(new, from: old)
        let moments = try connection.query("SELECT deleted_at FROM media") { $0.optionalTimestamp(0) }
        #expect(moments == [old.updatedAt.adding(seconds: 9)])
        #expect(try repository.find(old.id) == new)
    }

    @Test("a record locked for an update keeps another update waiting")
    mutating func locked() throws {
        let media = try records.add()
        var impatient = try PrivateMariaDB.shared().options(
            database: try #require(connection.texts("SELECT DATABASE()").first))
        impatient.answerTimeout = 2
        let other = Connection(impatient)
        try connection.transaction { connection in
            let locked = try MediaRepository(connection).findForUpdate(media.id)
            let seen = try MediaRepository(other).find(media.id)
            #expect(locked == media && seen == media)
            let error = #expect(throws: MariaDBError.self) {
                try other.transaction { _ = try MediaRepository($0).findForUpdate(media.id) }
            }
            #expect(error?.code == .lockWaitTimeout)
        }
    }
}
