/// What the audit log has entries of.
package enum AuditAction: String, CaseIterable, Sendable {
    case create = "media.create"
    case update = "media.update"
    case delete = "media.delete"
    case restore = "media.restore"
    /// For good, by a request.
    case destroy = "media.destroy"
    /// For good, after the retention time.
    case purge = "media.purge"
    case replaceFile = "media.replace_file"
    case restoreVersion = "media.restore_version"
    case deleteVersion = "media.delete_version"
    case createLink = "link.create"
    case revokeLink = "link.revoke"
    case revokeLinks = "link.revoke_all"
    case createKey = "key.create"
    case revokeKey = "key.revoke"
    case rotateLinkKey = "link_key.rotate"
    case revokeLinkKey = "link_key.revoke"
    case refused
}
