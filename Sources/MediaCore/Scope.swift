/// What an API key may do.
package enum Scope: String, CaseIterable, Sendable {
    /// Read every record and download every file.
    case read = "media:read"
    /// Upload files and change records.
    case write = "media:write"
    /// Delete records.
    case delete = "media:delete"
}
