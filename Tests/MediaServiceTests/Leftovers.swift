import MediaDatabase
import MediaTesting
import Testing

/// What is in an instance's tables and folders.
struct Leftovers: Equatable {
    var rows: [String: Int64] = [:]
    var files: [String: Int] = [:]

    static let nothing = Leftovers(
        rows: ["media": 0, "blobs": 0, "uploads": 0, "media_entities": 0, "publications": 0],
        files: ["incoming": 0, "staging": 0, "objects": 0, "public": 0])

    /// Counts what is there now.
    static func count(_ instance: ServiceInstance) throws -> Leftovers {
        var found = Leftovers()
        let connection = instance.connection()
        for table in nothing.rows.keys {
            found.rows[table] = try connection.query("SELECT COUNT(*) FROM \(table)") { (row) throws(MariaDBError) in
                try row.integer(0)
            }.first
        }
        for folder in nothing.files.keys { found.files[folder] = instance.folders.files(folder).count }
        return found
    }

    /// Checks that an instance holds nothing. nginx removes a body's file a moment after the answer.
    static func expectNothing(
        _ instance: ServiceInstance, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        _ = try eventually(within: 2) { try count(instance) == nothing }
        #expect(try count(instance) == nothing, comment, sourceLocation: sourceLocation)
    }
}
