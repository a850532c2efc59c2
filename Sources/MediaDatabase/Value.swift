package import MediaCore

/// A parameter of a prepared statement.
package enum Value: Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    /// Stored as `DATETIME(3)` in UTC.
    case timestamp(Timestamp)

    package static func bool(_ value: Bool) -> Value { .integer(value ? 1 : 0) }

    package static func text(_ id: MediaID) -> Value { .text(id.rawValue) }

    /// Text, or NULL.
    package static func optional(_ text: String?) -> Value { text.map(Value.text) ?? .null }
}
