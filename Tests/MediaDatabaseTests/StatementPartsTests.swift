@testable import MediaDatabase
import MediaCore
import MediaTesting
import Testing

struct StatementPartsTests {
    @Test("parts are all elements in their order, in few sizes", arguments: [0, 1, 2, 3, 250, 256, 257, 1000])
    func parts(count: Int) {
        let parts = Array(0..<count).statementParts()
        #expect(parts.flatMap { $0 } == Array(0..<count))
        #expect(parts.allSatisfy { $0.count <= 256 && $0.count.nonzeroBitCount == 1 })
        #expect(parts.count <= count / 256 + 8)
    }

    @Test("audit entries of any number leave few statements prepared")
    func statements() throws {
        let connection = Connection(try PrivateMariaDB.shared().makeMigratedDatabase())
        func prepared() throws -> Int {
            try connection.query("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'", []) { (row) throws(MariaDBError) in
                Int(try row.text(1)) ?? 0
            }.first ?? 0
        }
        let entry = AuditEntry(
            at: Timestamp(milliseconds: 1_769_850_300_000), caller: "anonymous", action: .refused, mediaID: nil,
            address: "127.0.0.1", requestID: "id")
        let before = try prepared()
        for count in 1...60 {
            try connection.transaction { try AuditRepository($0).add(Array(repeating: entry, count: count)) }
        }
        #expect(try prepared() - before <= 7)
        #expect(try AuditRepository(connection).find(AuditRepository.Filter(), limit: 2000).count == 60 * 61 / 2)
    }
}
