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
        /// The file of a download where it was looked up together with the caller; nil: it was not.
        var lookup: Lookup?
    }

    /// What was found of the file of a download.
    struct Lookup {
        var id: MediaID
        /// nil: there is none.
        var file: MediaFile?
    }

    /// The caller that an `Authorization` header names (RFC 6750 §2.1), or nobody where there is none.
    ///
    /// - Parameter media: the file that is asked for, which is looked up with an API key.
    /// - Throws: 401 for credentials that aren't good.
    static func caller(
        authorization: String?, downloading media: MediaID? = nil, _ context: Context
    ) throws -> Result {
        guard let authorization else { return Result(caller: .anonymous) }
        guard namesBearer(authorization.utf8.span) else {
            throw AccessRefused(
                problem: .unauthenticated("Authorization has to be 'Bearer' and an API key or a token."),
                caller: "anonymous", reason: "no Bearer credentials")
        }
        let token = String(decoding: authorization.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
        if token.utf8.starts(with: "mk_".utf8) { return try service(token, downloading: media, context) }
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
    /// - Parameters:
    ///   - cookie: the token in the cookie. One that isn't good doesn't keep anybody from a public file.
    ///   - media: the file, where it is to be looked up with the caller.
    static func deliveryCaller(
        authorization: String?, cookie: String?, downloading media: MediaID?, _ context: Context
    ) throws -> Result {
        if authorization != nil { return try caller(authorization: authorization, downloading: media, context) }
        guard let cookie, !cookie.isEmpty else { return Result(caller: .anonymous) }
        do {
            return try user(cookie, context)
        } catch let fault as AccessRefused {
            return Result(caller: .anonymous, cookieFault: fault)
        }
    }

    private static func service(
        _ text: String, downloading media: MediaID?, _ context: Context
    ) throws -> Result {
        let now = context.now()
        guard let key = APIKey(text), let (credential, lookup) = try find(key, downloading: media, context),
            digest(of: key).withUnsafeBytes({ ConstantTime.isEqual($0, credential.secretHash) }),
            credential.expiresAt.map({ $0 > now }) ?? true
        else {
            throw AccessRefused(
                problem: .unauthenticated("The API key is unknown, expired or revoked."), caller: "anonymous",
                reason: "unknown, expired or revoked API key")
        }
        context.noteUse(of: key.id, now)
        return Result(
            caller: .service(keyID: key.id, scopes: credential.scopes), expiresAt: credential.expiresAt, lookup: lookup)
    }

    private static func find(
        _ key: APIKey, downloading media: MediaID?, _ context: Context
    ) throws(MariaDBError) -> (APIKeyRepository.Credential, Lookup?)? {
        let keys = APIKeyRepository(context.connection)
        guard let media else { return try keys.findUsable(key.id).map { ($0, nil) } }
        return try keys.findUsable(key.id, with: media).map { ($0.credential, Lookup(id: media, file: $0.file)) }
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
    static func hash(of key: APIKey) -> [UInt8] { Array(digest(of: key)) }

    private static func digest(of key: APIKey) -> SHA256Digest {
        var secret = key.secret
        var hash = SHA256()
        secret.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        return hash.finalize()
    }

    /// Whether credentials begin with the scheme, whose name has letters of any size (RFC 9110 §11.1), and a space.
    private static func namesBearer(_ credentials: Span<UInt8>) -> Bool {
        let length = bearer.count
        guard credentials.count > length, credentials[length] == UInt8(ascii: " ") else { return false }
        for index in 0..<length where credentials[index] | 0x20 != bearer[index] { return false }
        return true
    }

    private static let bearer = Array("bearer".utf8)
}
