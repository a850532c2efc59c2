/// What the audit log has entries of.
package enum AuditAction: String, CaseIterable, Sendable {
    case create = "media.create"
    /// A file that no record has yet.
    case stage = "media.stage"
    case update = "media.update"
    case delete = "media.delete"
    case restore = "media.restore"
    /// For good, by a request.
    case destroy = "media.destroy"
    /// For good, when it was due.
    case purge = "media.purge"
    case replaceFile = "media.replace_file"
    /// What was made of a file.
    case process = "media.process"
    case restoreVersion = "media.restore_version"
    case deleteVersion = "media.delete_version"
    /// The bytes of earlier versions, when it was due.
    case purgeVersions = "media.purge_versions"
    /// What a file belongs to.
    case addReference = "media.add_reference"
    case removeReference = "media.remove_reference"
    case cloneReferences = "entity.clone"
    case forgetEntity = "entity.forget"
    case createLink = "link.create"
    case revokeLink = "link.revoke"
    case revokeLinks = "link.revoke_all"
    case createUploadToken = "upload_token.create"
    case createKey = "key.create"
    case revokeKey = "key.revoke"
    case rotateLinkKey = "link_key.rotate"
    case revokeLinkKey = "link_key.revoke"
    case addWebhook = "webhook.add"
    case removeWebhook = "webhook.remove"
    case enableWebhook = "webhook.enable"
    case disableWebhook = "webhook.disable"
    case rotateWebhook = "webhook.rotate"
    case replayEvents = "webhook.replay"
    /// Entries of the log were removed by hand.
    case prune = "audit.prune"
    case refused
}
