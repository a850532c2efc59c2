import Crypto
import MediaCore
import MediaDatabase

/// Who calls.
enum Authenticate {
    /// The caller that an `Authorization` header names (RFC 6750 §2.1), or nobody where there is none.
    ///
    /// - Throws: 401 for credentials that aren't good; what exactly is wrong with them isn't said.
    static func caller(authorization: String?, _ context: Context) throws -> Caller {
        guard let authorization else { return .anonymous }
        let scheme = authorization.utf8.prefix(7)
        guard String(decoding: scheme, as: UTF8.self).lowercased() == "bearer " else {
            throw Problem.unauthenticated("Authorization has to be 'Bearer' and an API key.")
        }
        let token = authorization.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }
        guard let key = APIKey(String(decoding: token, as: UTF8.self)),
            let credential = try APIKeyRepository(context.connection).findUsable(key.id),
            isEqual(hash(of: key), credential.secretHash)
        else {
            throw AccessRefused(
                problem: .unauthenticated("The API key is unknown or revoked."), caller: "anonymous",
                reason: "unknown or revoked API key")
        }
        return .service(keyID: key.id, scopes: credential.scopes)
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
