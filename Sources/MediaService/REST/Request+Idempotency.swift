import Crypto
import HTTPTypes
import MediaCore
import MediaHTTP

extension Request {
    /// The request's `Idempotency-Key`; nil where there is none.
    ///
    /// - Throws: 400 for what is no key, also an empty one: who sends it counts on it.
    func idempotencyKey() throws(Problem) -> IdempotencyKey? {
        guard let field = parameter("HTTP_IDEMPOTENCY_KEY") else { return nil }
        guard let key = IdempotencyKey(field: field) else {
            throw .invalid(
                "Idempotency-Key", "must be 1 to \(IdempotencyKey.maxLength) visible ASCII characters, in quotes or not"
            )
        }
        return key
    }

    /// Tells this request from others: SHA-256 of its method, path, query and what else makes it this one.
    func fingerprint(_ content: JSON) -> [UInt8] {
        let all = JSON.array([.string(method.rawValue), .array(path.map(JSON.string)), .string(query), content])
        return Array(SHA256.hash(data: all.bytes))
    }
}
