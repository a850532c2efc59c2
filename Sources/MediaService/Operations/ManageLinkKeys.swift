import Logging
package import MediaDatabase
package import MediaCore

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
    ///
    /// - Parameter isFirst: only where there is none; otherwise that one is returned.
    package func rotate(_ caller: Caller = .operator, isFirst: Bool = false) throws -> LinkKeyRepository.Entry {
        guard let fingerprint = context.environment.linkSecrets.current else { throw SignLinks.switchedOff }
        let entry = LinkKeyRepository.Entry(
            id: LinkKeyID.random(using: &context.random), fingerprint: fingerprint, createdAt: context.now())
        let signing = try context.connection.transaction { connection -> LinkKeyRepository.Entry in
            let repository = LinkKeyRepository(connection)
            if isFirst, let known = try repository.signing(fingerprint: fingerprint, isLocked: true) { return known }
            try repository.insert(entry)
            try repository.retireAll(but: entry.id, now: entry.createdAt)
            try context.audit(.rotateLinkKey, caller.name, detail: "key \(entry.id)", connection)
            return entry
        }
        if signing.id == entry.id { context.logger.notice("link key made", metadata: ["key": "\(entry.id)"]) }
        return signing
    }

    /// Ends all links of a key at once.
    ///
    /// - Returns: whether there is such a key.
    package func revoke(_ id: String) throws -> Bool {
        let isKnown = try context.connection.transaction { connection in
            let isKnown = try LinkKeyRepository(connection).revoke(id, now: context.now())
            if isKnown { try context.audit(.revokeLinkKey, Caller.operator.name, detail: "key \(id)", connection) }
            return isKnown
        }
        if isKnown { context.logger.notice("link key revoked", metadata: ["key": "\(id)"]) }
        return isKnown
    }
}
