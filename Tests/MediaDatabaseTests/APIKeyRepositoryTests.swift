import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct APIKeyRepositoryTests {
    private let connection: Connection
    private let keys: APIKeyRepository

    init() throws {
        connection = Connection(try PrivateMariaDB.shared().makeMigratedDatabase())
        keys = APIKeyRepository(connection)
    }

    private func insert(_ id: String, scopes: Set<Scope>, at milliseconds: Int64 = 0) throws -> APIKeyRepository.Entry {
        let entry = APIKeyRepository.Entry(
            id: id, secretHash: Array(0..<32), name: "Kursdienst", scopes: scopes,
            createdAt: Timestamp(milliseconds: milliseconds))
        try connection.transaction { try APIKeyRepository($0).insert(entry) }
        return entry
    }

    @Test("a key comes back as it was stored", arguments: [[], [.read], Set(Scope.allCases)] as [Set<Scope>])
    func roundTrip(scopes: Set<Scope>) throws {
        let entry = try insert("abcdefABCDEF", scopes: scopes)
        #expect(try keys.all() == [entry])
        let credential = try #require(try keys.findUsable("abcdefABCDEF"))
        #expect(credential.secretHash == entry.secretHash && credential.scopes == scopes)
        #expect(try keys.findUsable("ABCDEFabcdef") == nil)
    }

    @Test("a revoked key is listed and not used; it is revoked once")
    func revoke() throws {
        var first = try insert("000000000001", scopes: [.read], at: 2)
        let second = try insert("000000000002", scopes: [.read], at: 1)
        let now = Timestamp(milliseconds: 5000)
        #expect(try connection.transaction { try APIKeyRepository($0).revoke(first.id, now: now) })
        #expect(try !connection.transaction { try APIKeyRepository($0).revoke(first.id, now: now) })
        #expect(try !connection.transaction { try APIKeyRepository($0).revoke("none", now: now) })
        first.revokedAt = now
        #expect(try keys.findUsable(first.id) == nil)
        #expect(try keys.findUsable(second.id)?.secretHash == second.secretHash)
        #expect(try keys.all() == [second, first])
    }

    @Test("a key comes with the file that is asked for, if there is one")
    func withFile() throws {
        let key = try insert("000000000001", scopes: [.read])
        var records = Records(connection)
        let media = try records.add()
        let other = records.make()
        let found = try #require(try keys.findUsable(key.id, with: media.id))
        #expect(found.credential == (try keys.findUsable(key.id)))
        let file = try #require(found.file)
        #expect(file == (try MediaRepository(connection).findFile(media.id)))
        let missing = try #require(try keys.findUsable(key.id, with: other.id))
        #expect(missing.credential == found.credential && missing.file == nil)
        #expect(try keys.findUsable("000000000002", with: media.id) == nil)
        _ = try connection.transaction {
            try APIKeyRepository($0).revoke(key.id, now: Timestamp(milliseconds: 5000))
        }
        #expect(try keys.findUsable(key.id, with: media.id) == nil)
    }

    @Test("a scope of a newer version is no right")
    func unknownScope() throws {
        _ = try insert("000000000001", scopes: [.read])
        try connection.write("UPDATE api_keys SET scopes = 'media:read media:everything'")
        #expect(try keys.findUsable("000000000001")?.scopes == [.read])
    }
}
