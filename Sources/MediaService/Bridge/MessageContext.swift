import MediaCore
import Synchronization

/// What messages are carried out with that come past nginx.
extension Context {
    /// The platform's own parts, which reach these transports only: they may do everything.
    ///
    /// - Parameter name: of the transport, as logs and the audit log name the caller.
    static func platform(_ name: String) -> Caller { .service(keyID: name, scopes: Set(Scope.allCases)) }

    /// Begins a message: logs and the audit log name it as its sender does, if that is a name.
    func begin(_ packet: RPCPacket, from address: String) {
        clientAddress = address
        target = ("RPC", [TextRules.prefix(packet.pattern, 100)])
        let id = packet.id?.string ?? ""
        let isName = (1...64).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        requestID = isName ? id : Hex.encode(randomBytes(16))
    }
}

/// Tells the threads of a process that it is to end.
final class Ending: Sendable {
    private let flag = Atomic<Bool>(false)
    private let working = Atomic<Int>(0)

    var isNear: Bool { flag.load(ordering: .relaxed) }

    func begin() { flag.store(true, ordering: .relaxed) }

    /// Counts a thread that has to come to its end.
    func enter() { working.add(1, ordering: .relaxed) }

    func leave() { working.subtract(1, ordering: .relaxed) }

    /// How many threads have not come to their end.
    var left: Int { working.load(ordering: .relaxed) }
}
