import Logging
import MediaCore
import MediaDatabase

/// Lists and revokes a file's signed links.
struct ManageLinks {
    let context: Context

    /// A link that could be used now, and its URL; nil where its key's secret is set no longer.
    typealias Item = (entry: SignedLinkRepository.Entry, url: String?)

    /// The links that could be used now, newest first, up to a thousand.
    func list(_ id: String, _ caller: Caller) throws -> [Item] {
        let mediaID = try authorize(id, caller)
        let keys = try LinkKeyRepository(context.connection).all()
        let entries = try SignedLinkRepository(context.connection).living(of: mediaID, now: context.now(), limit: 1000)
        return entries.map { entry in
            let signature = keys.first { $0.id == entry.link.keyID }.flatMap {
                context.linkKeys.key(entry.link.keyID, fingerprint: $0.fingerprint)?.sign(
                    entry.link, epoch: entry.epoch)
            }
            return (entry, signature.map { context.environment.baseURL + entry.link.path(signature: $0) })
        }
    }

    /// Ends one link. To end it again changes nothing.
    ///
    /// - Throws: 404 where the file has no such link.
    func revoke(_ linkID: String, of id: String, _ caller: Caller) throws {
        let mediaID = try authorize(id, caller)
        let isKnown = try LinkID(linkID).map { linkID in
            try context.connection.transaction { connection in
                let isKnown = try SignedLinkRepository(connection).revoke(linkID, of: mediaID, now: context.now())
                if isKnown {
                    try context.audit(
                        .revokeLink, caller.name, mediaID: id, detail: "link \(linkID.rawValue)", connection)
                }
                return isKnown
            }
        }
        guard isKnown == true else {
            throw Problem(.notFound, "The file has no link with this id.")
        }
        context.logger.info("link revoked", metadata: ["media": "\(id)", "link": "\(linkID)"])
    }

    /// Ends all links of a file.
    func revokeAll(of id: String, _ caller: Caller) throws {
        let mediaID = try authorize(id, caller)
        try context.connection.transaction { connection in
            try SignedLinkRepository(connection).revokeAll(of: mediaID)
            try context.audit(.revokeLinks, caller.name, mediaID: id, connection)
        }
        context.logger.info("all links of a file revoked", metadata: ["media": "\(id)"])
    }

    private func authorize(_ id: String, _ caller: Caller) throws -> MediaID {
        let mediaID = MediaID(id)
        let known = try mediaID.flatMap { try MediaRepository(context.connection).facts(of: [$0])[$0]?.facts }
        let facts = try Authorize.facts(known, of: mediaID, for: caller, context.connection)
        try Authorize.check(caller, .act(.manageLinks, facts), id: id)
        guard let mediaID, known != nil else { throw Problem.mediaNotFound(id) }
        return mediaID
    }
}
