import Logging
import MediaCore
import MediaDatabase
import MediaStorage
import Synchronization

/// Says where nginx, or the client itself, gets a content from.
struct LocateBlob {
    enum Target: Equatable {
        /// A name below this host's blobs.
        case here(String)
        /// A path within nginx that leads to another store, maybe with a query.
        case inside(String)
        /// A URL that the client is led to.
        case outside(String)
    }

    let context: Context

    /// - Parameters:
    ///   - isPublic: whether anybody may read it, so that a CDN may give it out.
    ///   - failed: the store from which it could not be had.
    func run(_ sha256: String, _ headers: DeliveryHeaders, isPublic: Bool, failed: String? = nil) throws -> Target {
        let stores = context.environment.stores
        guard stores.hasOthers else { return .here(LocalStorage.objectName(sha256)) }
        guard let entry = try BlobRepository(context.connection).find(sha256) else {
            throw Problem.unavailable("The file can't be read now.")
        }
        var place = entry.place
        if let failed {
            context.environment.metrics.add(.storesFailed)
            context.logger.error("a store can't be read", metadata: ["store": "\(failed)", "sha256": "\(sha256)"])
            for place in [entry.place, entry.replica].compactMap(\.self) where place.store == failed {
                context.environment.storeLinks.forget(BlobKey(sha256: sha256, token: place.token), failed)
            }
            // Where the second copy could not be had either, there is no third.
            guard failed == place.store, let replica = entry.replica else {
                throw Problem.unavailable("The file's store can't be read now.", retryAfter: 10)
            }
            place = replica
        }
        if place.isLocal { return .here(LocalStorage.objectName(sha256)) }
        let key = BlobKey(sha256: sha256, token: place.token)
        guard let store = stores.description(place.store) else {
            throw Problem.unavailable("The store '\(place.store)' is not set up on this host.", retryAfter: 60)
        }
        guard let storage = store.storage as? any RemoteStorage else {
            return .inside("/_store/\(store.name)/objects/\(key.name)")
        }
        switch store.delivery {
        case .cdn(let base) where isPublic: return .outside("\(base)/\(key.name)")
        case .redirect:
            return .outside(
                try context.environment.storeLinks.link(
                    key, store.name, headers.blobAnswer, context.environment.configuration, storage
                ).text)
        default:
            let url = try context.environment.storeLinks.link(
                key, store.name, nil, context.environment.configuration, storage)
            return .inside("/_store/\(store.name)\(url.target)")
        }
    }
}

/// Signed URLs of stores, which are used again for half of their lives: to sign one may take a millisecond.
final class StoreLinks: Sendable {
    private struct Name: Hashable {
        var key: BlobKey
        var store: String
        var answer: BlobAnswer?
    }

    /// Seconds for which a client may use a URL that it is led to.
    private static let redirectTime = 300

    private static let limit = 10_000
    private let links = Mutex<[Name: (url: ObjectURL, until: Timestamp)]>([:])

    func link(
        _ key: BlobKey, _ store: String, _ answer: BlobAnswer?, _ configuration: Configuration,
        _ storage: any RemoteStorage
    ) throws -> ObjectURL {
        let now = Clock.now()
        let name = Name(key: key, store: store, answer: answer)
        if let known = links.withLock({ $0[name] }), known.until > now { return known.url }
        var seconds = answer == nil ? configuration.number(.storeLinkTime) : Self.redirectTime
        // What credentials have signed that end, ends with them.
        if let end = try storage.linksEnd(now) {
            seconds = max(1, min(seconds, Int((end.milliseconds - now.milliseconds) / 1000)))
        }
        let url = try storage.link(key, answer, now: now, seconds: seconds)
        links.withLock { links in
            if links.count >= Self.limit { links.removeAll() }
            links[name] = (url, now.adding(seconds: seconds / 2))
        }
        return url
    }

    /// Has a URL made anew with which a file could not be had.
    func forget(_ key: BlobKey, _ store: String) {
        _ = links.withLock { $0.removeValue(forKey: Name(key: key, store: store, answer: nil)) }
    }
}

extension DeliveryHeaders {
    var blobAnswer: BlobAnswer {
        BlobAnswer(contentType: contentType, disposition: disposition, cacheControl: cacheControl)
    }
}
