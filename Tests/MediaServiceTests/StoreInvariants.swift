import Crypto
import Foundation
import MediaCore
import MediaDatabase
import MediaTesting

/// What has to hold between tables and folders once everything is settled (DESIGN §5).
enum StoreInvariants {
    /// What doesn't hold.
    static func violations(_ instance: ServiceInstance) throws -> [String] {
        let connection = instance.connection()
        let repository = MediaRepository(connection)
        var faults: [String] = []
        let ids = try texts(connection, "SELECT id FROM media")
        var published: Set<String> = []
        var references: [String: Int] = [:]
        for media in try ids.compactMap({ try MediaID($0).flatMap { try repository.find($0) } }) {
            guard let sha256 = media.sha256 else { continue }
            references[sha256, default: 0] += 1
            let path = "objects/\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)"
            if media.status == .ready, !isWhole(instance, path, media) {
                faults.append("\(media.id): \(path) isn't whole")
            }
            if media.isPublished {
                published.insert("\(media.id)/\(media.publicName)")
                if !isWhole(instance, "public/\(media.id)/\(media.publicName)", media) {
                    faults.append("\(media.id): no good public link")
                }
            }
        }
        let others = "SELECT sha256 FROM media_versions UNION ALL SELECT sha256 FROM staged_files"
        for sha256 in try texts(connection, "SELECT LOWER(HEX(sha256)) FROM (\(others)) o") {
            references[sha256, default: 0] += 1
            let path = "objects/\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)"
            if !instance.folders.files("objects").contains(String(path.dropFirst("objects/".count))) {
                faults.append("\(path) of a version or a staged file isn't there")
            }
        }
        faults += try usageFaults(connection)
        for link in instance.folders.files("public") where !published.contains(link) {
            faults.append("public/\(link) is nobody's")
        }
        let rows = try texts(connection, "SELECT CONCAT(LOWER(HEX(sha256)), ' ', reference_count) FROM blobs")
        let expected = references.map { "\($0.key) \($0.value)" }
        if rows.sorted() != expected.sorted() { faults.append("blobs \(rows) are not \(expected)") }
        for file in instance.folders.files("objects") {
            let name = file.split(separator: "/").last.map(String.init) ?? ""
            if references[name] == nil { faults.append("objects/\(file) has no row") }
        }
        for folder in ["staging", "incoming"] {
            faults += instance.folders.files(folder).map { "\(folder)/\($0) is left" }
        }
        for table in ["uploads", "publications"] {
            faults += try texts(connection, "SELECT media_id FROM \(table)").map { "\(table) has \($0)" }
        }
        return faults
    }

    /// What is counted of users' files and isn't what they take.
    private static func usageFaults(_ connection: Connection) throws -> [String] {
        let counted = "SELECT CONCAT(user_id, ' ', bytes, ' ', files) FROM user_usage WHERE files > 0 OR bytes > 0"
        let taken = """
            SELECT CONCAT(m.user_id, ' ', SUM(IF(m.sha256 IS NULL, 0, m.size) + COALESCE(v.size, 0)), ' ', COUNT(*)) FROM media m
            LEFT JOIN (SELECT media_id, SUM(size) AS size FROM media_versions GROUP BY media_id) v ON v.media_id = m.id
            GROUP BY m.user_id
            """
        let (left, right) = (try texts(connection, counted).sorted(), try texts(connection, taken).sorted())
        return left == right ? [] : ["user_usage has \(left), and the records take \(right)"]
    }

    private static func isWhole(_ instance: ServiceInstance, _ path: String, _ media: Media) -> Bool {
        guard let data = FileManager.default.contents(atPath: "\(instance.folders.store)/\(path)") else { return false }
        return data.count == Int(media.size) && Hex.encode(Array(SHA256.hash(data: data))) == media.sha256
    }

    private static func texts(_ connection: Connection, _ sql: String) throws -> [String] {
        try connection.query(sql) { (row) throws(MariaDBError) in try row.text(0) }
    }
}
