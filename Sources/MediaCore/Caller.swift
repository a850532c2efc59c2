/// Who sends a request.
package enum Caller: Equatable, Sendable {
    case anonymous
    /// A service of the platform, known by its API key.
    case service(keyID: String, scopes: Set<Scope>)
    case user(User)
    /// Whoever shows an upload token.
    case uploader(UploadGrant)
    /// Whoever runs commands of the service on its host.
    case `operator`

    /// As logs, the audit log and `signed_links` name the caller.
    package var name: String {
        switch self {
        case .anonymous: "anonymous"
        case .service(let keyID, _): "key:\(keyID)"
        case .user(let user): "user:\(user.id)"
        case .uploader(let grant): "uploader:\(grant.userID)"
        case .operator: "operator"
        }
    }
}
