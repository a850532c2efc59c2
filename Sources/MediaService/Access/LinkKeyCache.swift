import MediaCore

/// Keys of links that one thread has derived.
struct LinkKeyCache {
    /// More keys than are ever in use at a time.
    private static let limit = 64

    private struct Name: Hashable {
        var id: String
        var fingerprint: [UInt8]
    }

    private let secrets: LinkSecrets
    private var keys: [Name: LinkKey] = [:]

    init(_ secrets: LinkSecrets) {
        self.secrets = secrets
    }

    /// The key of an id; nil where the secret that it is derived from is set no longer.
    mutating func key(_ id: String, fingerprint: [UInt8]) -> LinkKey? {
        let name = Name(id: id, fingerprint: fingerprint)
        if let known = keys[name] { return known }
        guard let key = secrets.key(id, fingerprint: fingerprint) else { return nil }
        if keys.count >= Self.limit { keys = [:] }
        keys[name] = key
        return key
    }
}
