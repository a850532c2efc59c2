import Crypto
import Logging
package import MediaCore
package import MediaDatabase

/// Makes signed links.
package struct SignLinks {
    /// A link that is asked for.
    package struct Order: Equatable {
        /// As the request names it.
        package var mediaID: String
        /// Seconds.
        package var lifetime: Int
        /// As `SignedLink` has it; nil: the file.
        package var variant: String?
        package var downloadName: String?
        package var network: String?
        package var maxUses: Int64?
        /// Whom it is for: each gets a link of their own.
        package var subject: String?

        package init(
            mediaID: String, lifetime: Int, variant: String? = nil, downloadName: String? = nil, network: String? = nil,
            maxUses: Int64? = nil,
            subject: String? = nil
        ) {
            self.mediaID = mediaID
            self.lifetime = lifetime
            self.variant = variant
            self.downloadName = downloadName
            self.network = network
            self.maxUses = maxUses
            self.subject = subject
        }
    }

    package struct Made {
        package var link: SignedLink
        package var url: String
    }

    private let context: Context

    package init(context: Context) {
        self.context = context
    }

    /// Makes a link for each order. Those that the caller has no right to are refused one by one.
    ///
    /// - Parameter alongside: runs in the transaction that stores the links, maybe several times.
    package func run(
        _ orders: [Order], _ caller: Caller,
        alongside: ((Connection, [Result<Made, AccessRefused>]) throws -> Void)? = nil
    ) throws -> [Result<Made, AccessRefused>] {
        guard let fingerprint = context.environment.linkSecrets.current else { throw Self.switchedOff }
        let facts = try MediaRepository(context.connection).facts(of: Set(orders.compactMap { MediaID($0.mediaID) }))
        let key = try signingKey(fingerprint, caller)
        let now = context.now()
        let results = try orders.map { order -> Result<SignedLinkRepository.Entry, AccessRefused> in
            let id = MediaID(order.mediaID)
            let record = id.flatMap { id in facts[id].map { (id: id, facts: $0.facts, epoch: $0.linkEpoch) } }
            let known = try Authorize.facts(record?.facts, of: id, for: caller, context.connection)
            do throws(AccessRefused) {
                try Authorize.check(caller, .act(.manageLinks, known), id: order.mediaID)
                guard let record else { throw AccessRefused(.notFound, caller, id: order.mediaID) }
                return .success(entry(order, record.id, record.epoch, key, caller, now))
            } catch {
                return .failure(error)
            }
        }
        let entries = results.compactMap { try? $0.get() }
        if entries.isEmpty, alongside == nil { return signed(results, [], fingerprint, caller) }
        return try context.connection.transaction { connection in
            let stored = try store(entries, connection)
            try AuditRepository(connection).add(stored.compactMap { $0.map { auditEntry($0, caller) } })
            let made = signed(results, stored, fingerprint, caller)
            try alongside?(connection, made)
            return made
        }
    }

    /// - Parameter entries: what was stored for the orders that weren't refused; nil where the file was gone by then.
    private func signed(
        _ results: [Result<SignedLinkRepository.Entry, AccessRefused>], _ entries: [SignedLinkRepository.Entry?],
        _ fingerprint: [UInt8], _ caller: Caller
    ) -> [Result<Made, AccessRefused>] {
        var next = entries.makeIterator()
        return results.map { result in
            result.flatMap { wanted in
                guard let stored = next.next(), let entry = stored else {
                    return .failure(AccessRefused(.notFound, caller, id: wanted.link.mediaID.rawValue))
                }
                guard let key = context.linkKeys.key(entry.link.keyID, fingerprint: fingerprint) else {
                    preconditionFailure("the key of the secret that signs")
                }
                let signature = key.sign(entry.link, epoch: entry.epoch)
                return .success(
                    Made(link: entry.link, url: context.environment.baseURL + entry.link.path(signature: signature)))
            }
        }
    }

    private func auditEntry(_ entry: SignedLinkRepository.Entry, _ caller: Caller) -> AuditEntry {
        var said: [JSON.Member] = [
            .init("link", .string(entry.link.linkID.rawValue)),
            .init("expiresAt", .string(Timestamp(milliseconds: entry.link.expiresAt * 1000).iso8601)),
        ]
        if let subject = entry.subject { said.append(.init("subject", .string(subject))) }
        if let variant = entry.link.variant { said.append(.init("variant", .string(variant))) }
        if let network = entry.link.network { said.append(.init("network", .string(network))) }
        if let name = entry.link.downloadName { said.append(.init("downloadName", .string(name))) }
        if let uses = entry.maxUses { said.append(.init("maxUses", .integer(uses))) }
        return context.auditEntry(
            .createLink, caller.name, mediaID: entry.link.mediaID.rawValue, after: .object(said))
    }

    static let switchedOff = Problem(.linksSwitchedOff, "Signed links are switched off: MEDIA_LINK_SECRET isn't set.")

    /// The key that signs; the first one of a secret is made when it is needed.
    private func signingKey(_ fingerprint: [UInt8], _ caller: Caller) throws -> LinkKeyRepository.Entry {
        if let key = try LinkKeyRepository(context.connection).signing(fingerprint: fingerprint) { return key }
        return try ManageLinkKeys(context: context).rotate(caller, isFirst: true)
    }

    private func entry(
        _ order: Order, _ id: MediaID, _ epoch: Int64, _ key: LinkKeyRepository.Entry, _ caller: Caller,
        _ now: Timestamp
    ) -> SignedLinkRepository.Entry {
        let window = context.environment.configuration.number(.linkWindow)
        let expiresAt = SignedLink.expiry(now: now, lifetime: order.lifetime, maxWindow: window)
        // Who asks for the same again gets the same link; a counted one is new each time, with all its uses.
        let linkID =
            order.maxUses == nil
            ? stableID(order, id, expiresAt, epoch, key, caller) : LinkID(expiresAt: expiresAt, context.randomBytes(9))
        let link = SignedLink(
            mediaID: id, expiresAt: expiresAt, keyID: key.id, linkID: linkID, variant: order.variant,
            network: order.network, downloadName: order.downloadName, isCounted: order.maxUses != nil)
        return SignedLinkRepository.Entry(
            link: link, epoch: epoch, createdBy: caller.name, subject: order.subject, createdAt: now,
            maxUses: order.maxUses)
    }

    private func stableID(
        _ order: Order, _ id: MediaID, _ expiresAt: Int64, _ epoch: Int64, _ key: LinkKeyRepository.Entry,
        _ caller: Caller
    ) -> LinkID {
        let parts = [
            id.rawValue, String(expiresAt), key.id, String(epoch), caller.name, order.network ?? "",
            order.subject ?? "",
            order.downloadName ?? "", order.variant ?? "",
        ]
        return LinkID(expiresAt: expiresAt, SHA256.hash(data: Array(parts.joined(separator: "\n").utf8)))
    }

    /// - Returns: what is stored now, in the orders' order; nil where the file has been removed for good meanwhile.
    private func store(
        _ entries: [SignedLinkRepository.Entry], _ connection: Connection
    ) throws -> [SignedLinkRepository.Entry?] {
        let repository = SignedLinkRepository(connection)
        if try repository.insert(entries) == entries.count { return entries }
        // Some are there: links that were asked for before, of which one that was revoked stays so.
        let known = try repository.known(entries.map(\.link.linkID))
        return try entries.map { entry in
            switch known[entry.link.linkID] {
            case nil: return nil
            case false?: return entry
            case true?:
                var another = entry
                another.link.linkID = LinkID(expiresAt: another.link.expiresAt, context.randomBytes(9))
                return try repository.insert([another]) == 1 ? another : nil
            }
        }
    }
}
