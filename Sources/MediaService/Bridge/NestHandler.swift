import Logging
import MediaCore

/// Carries out the packets that come over NestJS's TCP, on one thread.
final class NestHandler {
    private let context: Context
    private let caller = Context.platform("tcp")

    init(_ environment: Environment) {
        context = Context(environment)
    }

    /// - Returns: the answer's packet; nil for an event.
    func answer(_ json: [UInt8], peer: String) -> [UInt8]? {
        do {
            let packet = try RPCPacket(RPCPacket.parse(json))
            context.begin(packet, from: peer)
            return RPC.run(packet, caller, RPCDelivery(), context).answer?.bytes
        } catch {
            let problem = ProblemMapping.problem(for: error, context)
            context.logger.notice("no packet", metadata: ["peer": "\(peer)", "reason": "\(problem.detail)"])
            return RPC.failure(problem, id: nil).bytes
        }
    }
}
