import Crypto
import MediaCore
import MediaDatabase

/// How a call has come.
struct RPCDelivery {
    /// Names the call where it may come again.
    var key: IdempotencyKey?
    /// Whether it is known not to have come before.
    var isFirst = false
    /// The message as it came, which tells it from another one with its key.
    var message: [UInt8] = []
}

/// A pattern's call.
struct RPCCall {
    let data: JSON
    let caller: Caller
    let delivery: RPCDelivery
    let context: Context

    /// The members of the data; `null` and nothing at all are as good as none.
    ///
    /// - Throws: 400 where the data is something else.
    func members() throws(Problem) -> [JSON.Member] {
        if data.isNull { return [] }
        guard let members = data.object else { throw .invalid("data", "must be a JSON object, not \(data.kind)") }
        return members
    }

    /// The id that the data is, or that its member `id` is.
    ///
    /// - Parameter known: the members that mean something beside.
    func id(or known: Set<String> = []) throws(Problem) -> String {
        if let id = data.string { return id }
        var fields = BodyFields(try members(), known: known.union(["id"]))
        let id = fields.text("id") { $0.isEmpty ? "must not be empty" : nil }
        if id == nil, fields.errors.isEmpty { fields.refuse("id", "must be given") }
        try fields.finish()
        return id ?? ""
    }

    /// Does what changes something, once for each key.
    ///
    /// - Throws: 409 while the same call is being carried out, 422 for a key of another call.
    func once<Value>(
        _ operation: (OnceOnly.Alongside<Value>?) throws -> Value, onReplay: () throws -> Void = {},
        answer: @escaping (Value) -> JSON
    ) throws -> JSON {
        let lease = delivery.key.map { key in
            IdempotencyRepository.Lease(
                caller: caller.name, key: key, fingerprint: Array(SHA256.hash(data: delivery.message)),
                token: context.randomBytes(16))
        }
        let kept: KeptJSON = try OnceOnly(context: context, lease: lease, isFirst: delivery.isFirst).run(
            onReplay: onReplay, operation: operation, answer: { KeptJSON(value: answer($0)) })
        return kept.value
    }

    func json(_ media: Media) -> JSON { media.json(baseURL: context.environment.baseURL) }
}

private struct KeptJSON: KeptAnswer {
    let value: JSON

    init(value: JSON) {
        self.value = value
    }

    init(replaying answer: IdempotencyRepository.Answer) {
        // What is kept was written by `kept`.
        value = (try? JSONParser.parse(answer.body)) ?? .null
    }

    var kept: IdempotencyRepository.Answer { IdempotencyRepository.Answer(status: 200, body: value.bytes) }
}
