import MediaCore

/// The keys that tokens may be signed with.
struct KeyRing: Sendable {
    /// More keys than any issuer has in use; a token that names none is tried with all of its algorithm.
    static let maxKeys = 32

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private var keys: [TokenKey] = []

    var count: Int { keys.count }

    init(_ keys: [TokenKey] = []) {
        self.keys = keys
    }

    /// The usable keys of a JWK Set (RFC 7517 §5); others are passed over, as the RFC asks.
    ///
    /// - Parameters:
    ///   - isPublic: whether everybody may have the set.
    ///   - onUnusable: called with a key's place in the set and why it isn't used.
    /// - Throws: where the text is no set, or has no usable key.
    init(jwks bytes: [UInt8], isPublic: Bool, onUnusable: (Int, TokenKey.Unusable) -> Void = { _, _ in })
        throws(Failure)
    {
        let json: JSON
        do {
            json = try JSONParser.parse(bytes, maxDepth: 8)
        } catch {
            throw Failure(description: "no JSON: \(error.reason), at byte \(error.offset)")
        }
        guard let entries = json["keys"]?.array else { throw Failure(description: "no JWK Set: 'keys' is missing") }
        for (index, entry) in entries.enumerated() {
            do throws(TokenKey.Unusable) {
                keys.append(try TokenKey(entry, isPublic: isPublic))
            } catch {
                onUnusable(index, error)
            }
        }
        guard !keys.isEmpty else { throw Failure(description: "none of its \(entries.count) keys can be used") }
        guard keys.count <= Self.maxKeys else { throw Failure(description: "it has more than \(Self.maxKeys) keys") }
    }

    /// These keys and those of another ring.
    func adding(_ other: KeyRing?) -> KeyRing {
        KeyRing(keys + (other?.keys ?? []))
    }

    /// The keys that a token with this header can be signed with.
    ///
    /// - Throws: `algorithm` where the key that it names has another one, `unknownKey` where there is none such.
    func candidates(_ header: TokenHeader) throws(TokenFault) -> [TokenKey] {
        guard let algorithm = TokenKey.Algorithm(rawValue: header.algorithm) else { throw .algorithm }
        let named = header.keyID.map { id in keys.filter { $0.id == id } } ?? []
        guard named.isEmpty else {
            let candidates = named.filter { $0.algorithm == algorithm }
            guard !candidates.isEmpty else { throw .algorithm }
            return candidates
        }
        // A key without an id is for tokens that name none, or one that no other key has.
        let candidates = keys.filter { $0.algorithm == algorithm && (header.keyID == nil || $0.id == nil) }
        guard !candidates.isEmpty else { throw .unknownKey }
        return candidates
    }
}
