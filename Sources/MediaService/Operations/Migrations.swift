import Glibc
import MediaCore
import MediaDatabase

/// Brings the database to the schema of this build, or says how far it is.
package struct Migrations {
    /// A migration and where it stands, for a terminal.
    package struct Line {
        package let text: String
        package let isApplied: Bool
    }

    private let migrator: Migrator

    package init(_ configuration: Configuration) {
        var options = configuration.database
        // A change of a large table takes as long as it takes.
        options.answerTimeout = 24 * 3600
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        migrator = Migrator(Connection(options), holder: "\(host):\(getpid())")
    }

    /// - Parameter onApply: called with each migration's name before it is applied.
    /// - Returns: how many were applied.
    package func apply(onApply: (String) -> Void) throws -> Int {
        var count = 0
        try migrator.migrate { migration in
            onApply("\(migration.version) \(migration.name)")
            count += 1
        }
        return count
    }

    package func status() throws -> [Line] {
        try migrator.status().map { migration, state in
            let text =
                switch state {
                case .pending: "pending"
                case .interrupted: "interrupted; will run again"
                case .changed: "applied with another text"
                case .applied(let moment): "applied \(moment.iso8601)"
                }
            if case .applied = state {
                return Line(text: "\(migration.version) \(migration.name): \(text)", isApplied: true)
            }
            return Line(text: "\(migration.version) \(migration.name): \(text)", isApplied: false)
        }
    }
}
