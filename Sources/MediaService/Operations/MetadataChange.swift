import MediaCore

/// What becomes of a record's metadata.
enum MetadataChange: Equatable {
    /// Nil: none.
    case replace(JSON?)
    /// A JSON merge patch (RFC 7396): members that are null go, objects are merged, all else replaces.
    case merge(JSON)

    /// - Parameter limit: bytes of the result.
    /// - Throws: 400 where the result isn't what metadata may be.
    func apply(to old: JSON?, limit: Int) throws(Problem) -> JSON? {
        switch self {
        case .replace(let new): return new
        case .merge(let patch):
            let merged = (old ?? .null).merged(with: patch)
            guard merged.depth <= MediaAttributes.metadataDepth else {
                throw .invalid("metadata", "must not nest deeper than \(MediaAttributes.metadataDepth) levels")
            }
            return try MediaAttributes.checkedMetadata(merged, limit: limit)
        }
    }
}
