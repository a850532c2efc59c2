import HTTPTypes
import Logging
import MediaCore
import MediaDatabase
import MediaHTTP

/// A request that is carried out once however often it is sent, where it has an `Idempotency-Key`
/// (draft-ietf-httpapi-idempotency-key-header-07).
struct IdempotentRequest {
    private let request: Request
    private let caller: Caller
    private let key: IdempotencyKey?
    private let context: Context

    /// - Throws: 400 for what is no key.
    init(_ request: Request, _ caller: Caller, _ context: Context) throws(Problem) {
        self.request = request
        self.caller = caller
        self.context = context
        key = try request.idempotencyKey()
    }

    /// Whether the request may be one that was carried out already.
    var isKeyed: Bool { key != nil }

    /// Carries the request out, or answers what it was answered before.
    ///
    /// - Parameters: those of `OnceOnly.run`, and
    ///   - content: what of the request, beside method, path and query, makes it this one.
    /// - Throws: 409 while the request is being carried out, 422 for a key of another request.
    func run<Value>(
        content: () -> JSON, onReplay: () throws -> Void = {}, operation: (OnceOnly.Alongside<Value>?) throws -> Value,
        answer: @escaping (Value) throws -> Response, brief: ((Value) -> Response)? = nil
    ) throws -> Response {
        let lease = key.map { key in
            IdempotencyRepository.Lease(
                caller: caller.name, key: key, fingerprint: request.fingerprint(content()),
                token: context.randomBytes(16))
        }
        return try OnceOnly(context: context, lease: lease).run(
            onReplay: onReplay, operation: operation, answer: answer, brief: brief)
    }
}

extension Response: KeptAnswer {
    init(replaying answer: IdempotencyRepository.Answer) {
        self.init(
            status: HTTPResponse.Status(code: answer.status), contentType: "application/json", body: answer.body)
        fields[.location] = answer.location
        fields[.eTag] = answer.entityTag
        fields[.idempotencyReplayed] = "true"
    }

    var kept: IdempotencyRepository.Answer {
        IdempotencyRepository.Answer(
            status: status.code, location: fields[.location], entityTag: fields[.eTag], body: body)
    }
}
