import Crypto
import MediaCore
import MediaDatabase

/// Who calls.
enum Authenticate {
    /// A caller and for how long what was shown says so.
    struct Result {
        var caller: Caller
        /// When the token or key ends; nil: not by itself.
        var expiresAt: Timestamp?
        /// Why the cookie of an anonymous caller doesn't count.
        var cookieFault: AccessRefused?
    }

    /// The caller that an `Authorization` header names (RFC 6750 §2.1), or nobody where there is none.
    ///
    /// - Throws: 401 for credentials that aren't good.
    static func caller(authorization: String?, _ context: Context) throws -> Result {
        guard let authorization else { return Result(caller: .anonymous) }
        let scheme = authorization.utf8.prefix(7)
        guard String(decoding: scheme, as: UTF8.self).lowercased() == "bearer " else {
            throw AccessRefused(
                problem: .unauthenticated("Authorization has to be 'Bearer' and an API key or a token."),
                caller: "anonymous", reason: "no Bearer credentials")
        }
        let token = String(decoding: authorization.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
        if token.hasPrefix("mk_") { return try service(token, context) }
        return try token.hasPrefix(UploadToken.prefix) ? uploader(token, context) : user(token, context)
    }

    private static func uploader(_ token: String, _ context: Context) throws -> Result {
        let keys = context.environment.linkSecrets.uploadKeys
        guard let grant = UploadToken.grant(token, keys: keys, now: context.now()) else {
            throw AccessRefused(
                problem: .unauthenticated("The upload token is unknown or expired."), caller: "anonymous",
                reason: "unknown or expired upload token")
        }
        return Result(caller: .uploader(grant), expiresAt: grant.expiresAt)
    }

    /// The caller of a download, whom a cookie may name too (RFC 6265): players and `img` elements send no header.
    ///
    /// - Parameter cookie: the token in the cookie. One that isn't good doesn't keep anybody from a public file.
    static func deliveryCaller(authorization: String?, cookie: String?, _ context: Context) throws -> Result {
        if authorization != nil { return try caller(authorization: authorization, context) }
        guard let cookie, !cookie.isEmpty else { return Result(caller: .anonymous) }
        do {
            return try user(cookie, context)
        } catch let fault as AccessRefused {
            return Result(caller: .anonymous, cookieFault: fault)
        }
    }

    private static func service(_ text: String, _ context: Context) throws -> Result {
        let now = context.now()
        guard let key = APIKey(text), let credential = try APIKeyRepository(context.connection).findUsable(key.id),
            isEqual(hash(of: key), credential.secretHash), credential.expiresAt.map({ $0 > now }) ?? true
        else {
            throw AccessRefused(
                problem: .unauthenticated("The API key is unknown, expired or revoked."), caller: "anonymous",
                reason: "unknown, expired or revoked API key")
        }
        context.noteUse(of: key.id, now)
        return Result(caller: .service(keyID: key.id, scopes: credential.scopes), expiresAt: credential.expiresAt)
    }

    private static func user(_ token: String, _ context: Context) throws -> Result {
        do throws(TokenFault) {
            let claims = try context.environment.tokens.verify(token, now: context.now())
            return Result(caller: .user(claims.user), expiresAt: claims.expiresAt)
        } catch .keysUnavailable {
            throw Problem.unavailable("The token can't be checked now: \(TokenFault.keysUnavailable.reason).")
        } catch {
            throw AccessRefused(
                problem: .unauthenticated("The token isn't accepted: \(error.reason)."), caller: "anonymous",
                reason: "token: \(error.reason)")
        }
    }

    /// What is stored of a key's secret.
    static func hash(of key: APIKey) -> [UInt8] {
        Array(SHA256.hash(data: Array(key.secret.utf8)))
    }

    /// Compares in a time that doesn't depend on where the difference is.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
