import Logging
package import MediaDatabase
import MediaCore

/// Makes, lists, retires and revokes the keys of signed links.
package struct ManageLinkKeys {
    private let context: Context

    package init(context: Context) {
        self.context = context
    }

    package func list() throws -> [LinkKeyRepository.Entry] {
        try LinkKeyRepository(context.connection).all()
    }

    /// Makes the key that signs from now on. Links of the others hold until they end.
    package func rotate() throws -> LinkKeyRepository.Entry {
        guard let fingerprint = context.environment.linkSecrets.current else { throw SignLinks.switchedOff }
        let entry = LinkKeyRepository.Entry(
            id: LinkKeyID.random(using: &context.random), fingerprint: fingerprint, createdAt: context.now())
        try context.connection.transaction { connection in
            let repository = LinkKeyRepository(connection)
            try repository.insert(entry)
            try repository.retireAll(but: entry.id, now: entry.createdAt)
        }
        context.logger.notice("link key made", metadata: ["key": "\(entry.id)"])
        return entry
    }

    /// Ends all links of a key at once.
    ///
    /// - Returns: whether there is such a key.
    package func revoke(_ id: String) throws -> Bool {
        let isKnown = try context.connection.transaction { connection in
            try LinkKeyRepository(connection).revoke(id, now: context.now())
        }
        if isKnown { context.logger.notice("link key revoked", metadata: ["key": "\(id)"]) }
        return isKnown
    }
}
