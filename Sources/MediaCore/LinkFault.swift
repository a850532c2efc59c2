/// Why a link that this service has made doesn't hold.
package enum LinkFault: String, CaseIterable, Sendable {
    case expired = "link_expired"
    case revoked = "link_revoked"
    case usedUp = "link_used_up"
    case wrongNetwork = "link_wrong_network"

    package var code: ProblemCode {
        switch self {
        case .expired: .linkExpired
        case .revoked: .linkRevoked
        case .usedUp: .linkUsedUp
        case .wrongNetwork: .linkWrongNetwork
        }
    }

    /// For people.
    package var detail: String {
        switch self {
        case .expired: "This link has expired."
        case .revoked: "This link has been revoked."
        case .usedUp: "This link has been used as often as it may be."
        case .wrongNetwork: "This link can't be used from this network."
        }
    }
}
