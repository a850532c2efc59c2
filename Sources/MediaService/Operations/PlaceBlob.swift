import MediaCore
import MediaDatabase
import MediaStorage

/// Brings a content to where it is to lie, before the transaction that refers to it ends.
struct PlaceBlob {
    let context: Context

    private var stores: Stores { context.environment.stores }

    struct Plan: Equatable {
        var place: BlobPlace
        /// Whether it lies there already, for others that refer to it.
        var isThere = false
        /// Whether its sender has put it there.
        var isPut = false
    }

    /// Where a content goes, or lies.
    ///
    /// - Parameter staysHere: whether no other store is to have it: nobody sends what is infected to others.
    func plan(
        _ sha256: String, _ size: Int64, _ type: MediaType, entityType: String?, staysHere: Bool = false
    ) throws -> Plan {
        guard stores.hasOthers else { return Plan(place: .local) }
        if let found = try BlobRepository(context.connection).find(sha256) {
            // What lies here is placed anew, which costs nothing and mends it if it is lost.
            return Plan(place: found.place, isThere: !found.place.isLocal)
        }
        if staysHere { return Plan(place: .local) }
        let store = stores.store(for: type, size: size, entityType: entityType)
        return Plan(place: place(in: store))
    }

    /// A place of its own in a store.
    func place(in store: String) -> BlobPlace {
        store == LocalStorage.name
            ? .local : BlobPlace(store: store, token: BlobKey.token(context.randomBytes(16)))
    }

    /// Puts a file where it is to lie. When it returns, the blob survives a power cut.
    func put(_ file: StagedFile, _ sha256: String, _ plan: Plan) throws {
        if plan.isPut { return }
        if plan.place.isLocal {
            try stores.local.place(file, sha256: sha256)
            return
        }
        let storage = try stores.storage(plan.place.store)
        let key = BlobKey(sha256: sha256, token: plan.place.token)
        // One that was lost is mended by whoever brings the content again.
        if plan.isThere, try storage.size(of: key) == file.size { return }
        try storage.put(file, key)
    }

    /// Counts the reference, in the transaction that makes it.
    ///
    /// - Throws: 503 where the content has gone from where it lay, or was brought elsewhere meanwhile.
    func reference(
        _ sha256: String, _ size: Int64, _ plan: Plan, _ connection: Connection
    ) throws {
        let blobs = BlobRepository(connection)
        if plan.isThere {
            guard try blobs.reference(sha256: sha256, at: plan.place) else { throw Ingest.overtaken }
            return
        }
        try blobs.reference(sha256: sha256, size: size, place: plan.place, now: context.now())
        guard stores.hasOthers, let found = try blobs.find(sha256), found.place != plan.place else { return }
        // Somebody else has brought it elsewhere meanwhile; that one counts.
        if plan.place.isLocal { throw Ingest.overtaken }
        try BlobRemovalRepository(connection).add(sha256, plan.place, due: context.now())
    }
}
