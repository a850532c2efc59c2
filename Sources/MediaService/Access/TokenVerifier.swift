import FoundationEssentials
import Logging
import MediaCore
import Synchronization

/// Verifies users' tokens: JSON Web Tokens (RFC 7519) signed in compact form (RFC 7515 §3.1).
///
/// The signature of a token is verified once for each process; until it ends the token is known by its text.
package final class TokenVerifier: Sendable {
    private struct Verified {
        var claims: TokenClaims
        /// Of the keys it was verified with.
        var version: Int
    }

    /// Tokens. Where there are more they are forgotten and verified anew.
    private static let cacheLimit = 8192

    private let fixed: KeyRing
    private let remote: RemoteKeySet?
    private let rules: TokenClaims.Rules
    private let maxBytes: Int
    private let cache = Mutex<[String: Verified]>([:])

    /// - Throws: where the settings name keys that can't be used.
    init(_ configuration: Configuration, metrics: Metrics, logger: Logger) throws(KeyRing.Failure) {
        fixed = try Self.fixedKeys(configuration, logger)
        remote = configuration.optionalText(.tokenKeysURL).map { url in
            RemoteKeySet(
                url: url, interval: configuration.number(.tokenKeysInterval),
                staleLimit: configuration.number(.tokenKeysStale), runFolder: configuration.text(.runDirectory),
                metrics: metrics, logger: logger)
        }
        rules = TokenClaims.Rules(
            issuer: configuration.optionalText(.tokenIssuer), audience: configuration.optionalText(.tokenAudience),
            leeway: configuration.number(.tokenLeeway))
        maxBytes = configuration.number(.tokenBytes)
    }

    /// Keeps remote keys fresh.
    package func startRefreshing() {
        remote?.startRefreshing()
    }

    /// What a token says.
    ///
    /// - Throws: why it isn't accepted.
    func verify(_ token: String, now: Timestamp) throws(TokenFault) -> TokenClaims {
        // Others would be found in the cache under another's name: to a String, K and the Kelvin sign are one.
        guard token.utf8.allSatisfy({ $0 < 0x80 }) else { throw .malformed("it isn't base64url") }
        let known = remote?.known(now)
        if let verified = cache.withLock({ $0[token] }), verified.version == known?.version ?? 0 {
            try verified.claims.check(rules, now: now)
            return verified.claims
        }
        guard token.utf8.count <= maxBytes else { throw .tooLong(maxBytes) }
        let (claims, version) = try verifiedClaims(SignedToken(token), now)
        try claims.check(rules, now: now)
        cache.withLock { cache in
            if cache.count >= Self.cacheLimit { cache = [:] }
            cache[token] = Verified(claims: claims, version: version)
        }
        return claims
    }

    /// - Returns: the claims, and the version of the remote keys.
    private func verifiedClaims(_ token: SignedToken, _ now: Timestamp) throws(TokenFault) -> (TokenClaims, Int) {
        // Which key it is decides nothing yet, so a fixed key is found even while the remote ones can't be had.
        let known = remote?.keys(now)
        do throws(TokenFault) {
            return (try token.claims(fixed.adding(known?.ring)), known?.version ?? 0)
        } catch {
            guard let remote, [.unknownKey, .signature].contains(error) else { throw error }
            guard known != nil else { throw .keysUnavailable }
            // The issuer may have begun to sign with a new key.
            guard error == .unknownKey, let anew = remote.keysAnew(now), anew.version != known?.version else {
                throw error
            }
            return (try token.claims(fixed.adding(anew.ring)), anew.version)
        }
    }

    /// How many keys of tokens the settings lead to, those at a URL fetched now.
    ///
    /// - Throws: where some that they name can't be had or used.
    static func keyCount(_ configuration: Configuration) throws -> Int {
        let fixed = try fixedKeys(configuration, Logger(label: "media") { _ in SwiftLogNoOpLogHandler() })
        guard let url = configuration.optionalText(.tokenKeysURL) else { return fixed.count }
        return try fixed.count + RemoteKeySet.fetch(url).ring.count
    }

    private static func fixedKeys(_ configuration: Configuration, _ logger: Logger) throws(KeyRing.Failure) -> KeyRing {
        let ring = KeyRing(configuration.list(.tokenSecret).map(TokenKey.init(secret:)))
        guard let path = configuration.optionalText(.tokenKeysFile) else { return ring }
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw KeyRing.Failure(description: "\(path): the keys of tokens can't be read")
        }
        do throws(KeyRing.Failure) {
            return ring.adding(
                try KeyRing(jwks: Array(data), isPublic: false) { index, fault in
                    logger.warning(
                        "a key of tokens isn't used",
                        metadata: ["file": "\(path)", "key": "\(index)", "reason": "\(fault)"])
                })
        } catch {
            throw KeyRing.Failure(description: "\(path): \(error)")
        }
    }
}
