import MediaCore
import MediaDatabase

extension Context {
    /// Whether a content lies in the store that the service works in, where nginx serves it by a link.
    func isHere(_ sha256: String, _ connection: Connection) throws -> Bool {
        guard environment.stores.hasOthers else { return true }
        return try BlobRepository(connection).find(sha256)?.place.isLocal ?? true
    }
}
