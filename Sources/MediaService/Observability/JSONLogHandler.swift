import Glibc
package import Logging
import MediaCore

/// Writes each event as one line of JSON to standard error.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    package init(level: Logger.Level) {
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var members: [JSON.Member] = [
            .init("time", .string(Clock.now().iso8601)),
            .init("level", .string(event.level.rawValue)),
            .init("message", .string(event.message.description)),
            .init("pid", .integer(Int64(getpid()))),
        ]
        let all = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
        for key in all.keys.sorted() { members.append(.init(key, .string(all[key]?.description ?? ""))) }
        // One write for a line, so that the lines of several processes don't mix.
        let line = JSON.object(members).bytes + [UInt8(ascii: "\n")]
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
