import Crypto
package import MediaCore
package import MediaDatabase

/// Makes, lists and revokes API keys, for the operator.
package struct ManageAPIKeys {
    private let context: Context

    package init(context: Context) {
        self.context = context
    }

    /// - Returns: the key, whose secret can't be had again.
    package func create(name: String, scopes: Set<Scope>, expiresAt: Timestamp? = nil) throws -> APIKey {
        let key = APIKey(using: &context.random)
        let entry = APIKeyRepository.Entry(
            id: key.id, secretHash: Authenticate.hash(of: key), name: name, scopes: scopes, createdAt: context.now(),
            expiresAt: expiresAt)
        let words = scopes.map(\.rawValue).sorted().joined(separator: " ")
        try context.connection.transaction { connection in
            try APIKeyRepository(connection).insert(entry)
            try context.audit(
                .createKey, Caller.operator.name, detail: "key \(key.id), \(name): \(words)", connection)
        }
        return key
    }

    package func list() throws -> [APIKeyRepository.Entry] {
        try APIKeyRepository(context.connection).all()
    }

    /// - Returns: whether there was such a key in use. No request with it is accepted from now on.
    package func revoke(id: String) throws -> Bool {
        try context.connection.transaction { connection in
            let isKnown = try APIKeyRepository(connection).revoke(id, now: context.now())
            if isKnown { try context.audit(.revokeKey, Caller.operator.name, detail: "key \(id)", connection) }
            return isKnown
        }
    }
}
