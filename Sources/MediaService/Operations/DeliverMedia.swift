import MediaCore
import MediaDatabase
import MediaProcessing

/// Decides on a download.
struct DeliverMedia {
    /// What a request for a file shows of its right to it.
    struct Order {
        /// As the URL names it.
        var id: String
        /// The same; nil where it isn't the form of one.
        var mediaID: MediaID?
        /// What was made of the file, as the URL names it; nil: the file itself.
        var variant: String?
        /// The formats of pictures that the client takes, beside those that each does.
        var accepts: Set<String> = []
        var caller: Authenticate.Result
        /// The signed link and its signature, where the URL has the form of one.
        var link: (link: SignedLink, signature: [UInt8])?
        /// The client's.
        var address: String
        /// Whether the file itself is asked for, and not only what its answer would say.
        var takesUse: Bool
        /// Whether a picture that isn't there is made.
        var makes = false
    }

    /// What may be sent.
    struct Delivery {
        var file: MediaFile
        /// Whether another client may get another format at the same URL.
        var variesByAccept = false
        /// What the link calls the file; it makes the answer a download.
        var downloadName: String?
        /// Seconds for which the same request may be answered the same way without asking.
        var lifetime: Int
    }

    let context: Context

    /// - Throws: `AccessRefused`, 404 for what the caller may not know of.
    func run(_ order: Order) throws -> Delivery {
        let now = context.now()
        var (found, linkState) = try look(order, now: now)
        let variant = order.variant ?? order.link?.link.variant
        // A link to something that was made of the file opens nothing else.
        if let only = order.link?.link.variant, variant != only { linkState = .none }
        let facts = try Authorize.facts(
            found?.facts, of: order.mediaID, for: order.caller.caller, context.connection)
        guard var file = found, let facts else { throw refusal(order, nil, linkState) }
        file.facts = facts
        guard case .allowed(let reason) = AccessPolicy.decide(order.caller.caller, .download(file.facts, linkState))
        else { throw refusal(order, file, linkState) }
        if let variant {
            let isSigned = linkState == .valid && order.link?.link.variant == variant
            file = try made(variant, of: file, order, isSigned: isSigned)
        } else if let shown = file.shownSHA256, ![.owner, .admin, .scope].contains(reason) {
            file.location = .stored(sha256: shown)
        }
        let delivery = Delivery(
            file: file, variesByAccept: variant?.contains(".") == false,
            lifetime: lifetime(order, reason, now: now))
        guard reason == .link, let link = order.link?.link else { return delivery }
        if link.isCounted, order.takesUse { try takeUse(of: link, order) }
        return Delivery(
            file: file, variesByAccept: delivery.variesByAccept, downloadName: link.downloadName,
            lifetime: delivery.lifetime)
    }

    /// What was made of a file, in the format that is named, or the best one that the client takes.
    private func made(_ name: String, of file: MediaFile, _ order: Order, isSigned: Bool) throws -> MediaFile {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let id = order.mediaID, (1...2).contains(parts.count) else { throw Self.noVariant }
        let found = try entries(parts[0], of: id, order, isSigned: isSigned)
        let preferred = ["image/avif", "image/webp"].filter(order.accepts.contains)
        let entry =
            parts.count == 2
            ? found.first { $0.variant.fileExtension == parts[1] }
            : preferred.lazy.compactMap { type in found.first { $0.variant.mimeType == type } }.first
                ?? found.first { !["image/avif", "image/webp"].contains($0.variant.mimeType) } ?? found.first
        guard let entry else { throw Self.noVariant }
        let stem = file.originalName.split(separator: ".").first.map(String.init) ?? file.originalName
        var made = file
        made.originalName = "\(stem)-\(entry.variant.fileName)"
        made.mimeType = entry.variant.mimeType
        made.location = .stored(sha256: entry.sha256)
        return made
    }

    /// Those of a name; where there are none and there can be, they are made.
    private func entries(
        _ name: String, of id: MediaID, _ order: Order, isSigned: Bool
    ) throws -> [VariantRepository.Entry] {
        let repository = VariantRepository(context.connection)
        let found = try repository.named(name, of: id)
        if !found.isEmpty { return found }
        let orders = OrderVariant(context: context)
        guard let media = try MediaRepository(context.connection).find(id),
            let preset = orders.wanted(name, of: media, isSigned: isSigned)
        else { return [] }
        // Of a form, which has another name.
        let made = preset.name == name ? [] : try repository.named(preset.name, of: id)
        guard made.isEmpty, order.makes else { return made }
        try orders.make(preset, of: id)
        return try repository.named(preset.name, of: id)
    }

    private static let noVariant = Problem(.notFound, "Nothing of this name was made of the file.")

    /// The file and what its link says.
    private func look(_ order: Order, now: Timestamp) throws -> (MediaFile?, AccessPolicy.LinkState) {
        guard let id = order.mediaID else { return (nil, .none) }
        if order.link == nil, let lookup = order.caller.lookup, lookup.id == id { return (lookup.file, .none) }
        let repository = MediaRepository(context.connection)
        guard let (link, signature) = order.link,
            let (file, stored) = try repository.findLinkedFile(link, requestID: context.requestID)
        else {
            return (try repository.findFile(id), .none)
        }
        let key = context.linkKeys.key(link.keyID, fingerprint: stored.fingerprint)
        guard key?.hasSigned(link, epoch: stored.epoch, signature) == true else { return (file, .none) }
        return (file, link.state(stored, from: order.address, now: now))
    }

    private func takeUse(of link: SignedLink, _ order: Order) throws {
        let isTaken = try context.connection.transaction {
            try SignedLinkRepository($0).use(link.linkID, requestID: context.requestID)
        }
        guard isTaken else { throw AccessRefused(.link(.usedUp), order.caller.caller, id: order.id) }
    }

    private func refusal(_ order: Order, _ file: MediaFile?, _ link: AccessPolicy.LinkState) -> any Error {
        // A cookie that no longer counts says so, whether there is such a file or not.
        if let fault = order.caller.cookieFault { return fault }
        do {
            try Authorize.check(order.caller.caller, .download(file?.facts, link), id: order.id)
        } catch {
            return error
        }
        return Problem.mediaNotFound(order.id)
    }

    /// Nothing is reused beyond the life of the token or link it was decided on, and nothing of a link that looks at more
    /// than its URL.
    private func lifetime(_ order: Order, _ reason: AccessPolicy.Reason, now: Timestamp) -> Int {
        let limit = context.environment.decisionLifetime
        if limit == 0 { return 0 }
        var end = reason == .publicFile ? nil : order.caller.expiresAt
        if reason == .link, let link = order.link?.link {
            if link.isCounted || link.network != nil { return 0 }
            end = Timestamp(milliseconds: link.expiresAt * 1000)
        }
        let left = end.map { Int(max(0, $0.milliseconds - now.milliseconds) / 1000) }
        // nginx counts whole seconds, and the last one is in it.
        return max(0, min(limit, left ?? limit) - 1)
    }
}

extension SignedLink {
    /// Whether a link that this service has made holds.
    ///
    /// - Parameter address: the client's.
    func state(_ stored: StoredLink, from address: String, now: Timestamp) -> AccessPolicy.LinkState {
        if stored.isRevoked { return .refused(.revoked) }
        if expiresAt * 1000 <= now.milliseconds { return .refused(.expired) }
        if stored.isUsedUp { return .refused(.usedUp) }
        if let network, Network(network)?.contains(address) != true { return .refused(.wrongNetwork) }
        return .valid
    }
}
