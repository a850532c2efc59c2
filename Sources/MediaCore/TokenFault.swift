/// Why a token isn't accepted (RFC 7519 §7.2).
package enum TokenFault: Error, Equatable, Sendable {
    /// Longer than this many bytes.
    case tooLong(Int)
    /// No signed token in compact form (RFC 7515 §3.1), or one whose header or claims aren't what they have to be.
    case malformed(String)
    /// The key that it names has another algorithm, or no key has this one. `none` ends here.
    case algorithm
    case unknownKey
    case signature
    case expired
    case notYetValid
    case issuer
    case audience
    /// The keys that could tell can't be had now.
    case keysUnavailable

    /// As answers and logs say it.
    package var reason: String {
        switch self {
        case .tooLong(let limit): "it is longer than \(limit) bytes"
        case .malformed(let what): what
        case .algorithm: "its algorithm isn't its key's"
        case .unknownKey: "its key is unknown"
        case .signature: "its signature isn't right"
        case .expired: "it has expired"
        case .notYetValid: "it isn't valid yet"
        case .issuer: "it is another issuer's"
        case .audience: "it is meant for others"
        case .keysUnavailable: "the keys of tokens can't be had now"
        }
    }
}
