import Crypto
package import MediaCore
package import MediaDatabase

/// Makes, lists and revokes API keys.
package struct ManageAPIKeys {
    private let connection: Connection

    package init(_ connection: Connection) {
        self.connection = connection
    }

    /// - Returns: the key, whose secret can't be had again.
    package func create(name: String, scopes: Set<Scope>, expiresAt: Timestamp? = nil) throws -> APIKey {
        var random = SystemRandomNumberGenerator()
        let key = APIKey(using: &random)
        let entry = APIKeyRepository.Entry(
            id: key.id, secretHash: Authenticate.hash(of: key), name: name, scopes: scopes, createdAt: Clock.now(),
            expiresAt: expiresAt)
        try connection.transaction { try APIKeyRepository($0).insert(entry) }
        return key
    }

    package func list() throws -> [APIKeyRepository.Entry] {
        try APIKeyRepository(connection).all()
    }

    /// - Returns: whether there was such a key in use. No request with it is accepted from now on.
    package func revoke(id: String) throws -> Bool {
        try connection.transaction { try APIKeyRepository($0).revoke(id, now: Clock.now()) }
    }
}
