import HTTPTypes
import MediaCore
import MediaHTTP

/// `POST /v1/rpc`: the platform's message patterns over HTTP, a packet or an array of packets.
///
/// What a packet comes to stands in its answer's packet, as over the platform's other transports; the HTTP status says only
/// whether the packets were read.
enum PostRPC {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let caller = try request.caller(context)
        if caller == .anonymous { throw AccessRefused(.unauthenticated, caller) }
        try request.requireNoQuery()
        let key = try request.idempotencyKey()
        let configuration = context.environment.configuration
        let bytes = try request.jsonBytes(limit: configuration.number(.messageBytes))
        let body = try Request.parse(bytes, maxDepth: RPCPacket.maxDepth, keepsBytes: true)
        guard let items = body.array else {
            let packet = try RPCPacket(body)
            let answer = RPC.run(packet, caller, RPCDelivery(key: key, message: bytes), context).answer
            return answer.map { .json($0) } ?? Response(status: .noContent)
        }
        let limit = configuration.number(.messageItems)
        guard (1...limit).contains(items.count) else {
            throw Problem.invalid("body", "must be a packet, or an array of 1 to \(limit) of them")
        }
        guard key == nil else { throw Problem.invalid("Idempotency-Key", "goes together with a single packet") }
        let packets = try items.map { item throws(Problem) in try RPCPacket(item) }
        let answers = packets.compactMap { RPC.run($0, caller, RPCDelivery(), context).answer }
        return answers.isEmpty ? Response(status: .noContent) : .json(.array(answers))
    }
}
