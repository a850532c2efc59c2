/// Who sends a request.
package enum Caller: Equatable, Sendable {
    case anonymous
    /// A service of the platform, known by its API key.
    case service(keyID: String, scopes: Set<Scope>)
}
