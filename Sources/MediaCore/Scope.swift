/// What an API key may do.
package enum Scope: String, CaseIterable, Sendable {
    /// Read every record and download every file.
    case read = "media:read"
    /// Upload files and change records.
    case write = "media:write"
    /// Delete records, for good too.
    case delete = "media:delete"
    /// Make, list and revoke signed links.
    case sign = "media:sign"
}
