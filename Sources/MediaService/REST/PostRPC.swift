import HTTPTypes
import MediaCore
import MediaHTTP

/// `POST /v1/rpc`: the platform's message patterns over HTTP, a packet or an array of packets.
///
/// What a packet comes to stands in its answer's packet, as over the platform's other transports; the HTTP status says only
/// whether the packets were read.
enum PostRPC {
    @Sendable static func handle(_ request: Request, _ path: PathParameters, _ context: Context) throws -> Response {
        let start = ContinuousClock.now
        let caller = try request.caller(context)
        if caller == .anonymous { throw AccessRefused(.unauthenticated, caller) }
        try request.requireNoQuery()
        let key = try request.idempotencyKey()
        let configuration = context.environment.configuration
        let bytes = try request.jsonBytes(limit: configuration.number(.messageBytes))
        let body = try RPCPacket.parse(bytes, as: "body")
        guard let items = body.array else {
            let outcome = RPC.run(try RPCPacket(body), caller, RPCDelivery(key: key, message: bytes), context)
            if let answer = outcome.answer { return .json(answer) }
            // An event has no packet to say that it failed.
            if let problem = outcome.problem { throw problem }
            return Response(status: .noContent)
        }
        let limit = configuration.number(.messageItems)
        guard (1...limit).contains(items.count) else {
            throw Problem.invalid("body", "must be a packet, or an array of 1 to \(limit) of them")
        }
        guard key == nil else { throw Problem.invalid("Idempotency-Key", "goes together with a single packet") }
        let packets = try items.map { item throws(Problem) in try RPCPacket(item) }
        // A worker is replaced whose request takes longer than its lane allows.
        let end = start + Duration.seconds(configuration.number(.apiTimeout)) / 2
        let answers = packets.compactMap { packet -> JSON? in
            if end < .now { return RPC.failure(Self.outOfTime, id: packet.id) }
            let outcome = RPC.run(packet, caller, RPCDelivery(), context)
            return outcome.answer ?? outcome.problem.map { RPC.failure($0, id: nil) }
        }
        return answers.isEmpty ? Response(status: .noContent) : .json(.array(answers))
    }

    private static let outOfTime = Problem.unavailable(
        "Not begun: the packets before it took too long. Send it again.")
}
