/// The header of a signed token (RFC 7515 §4).
package struct TokenHeader: Equatable, Sendable {
    package let algorithm: String
    package let keyID: String?

    package init(_ json: JSON) throws(TokenFault) {
        guard json.object != nil else { throw .malformed("its header is no JSON object") }
        guard let algorithm = json["alg"]?.string else { throw .malformed("its header names no algorithm") }
        // What is critical has to be understood, and nothing of it is (RFC 7515 §4.1.11).
        guard json["crit"] == nil else { throw .malformed("its header has critical parameters") }
        switch json["kid"] {
        case nil: keyID = nil
        case .string(let text)?: keyID = text
        default: throw .malformed("its key id is no string")
        }
        self.algorithm = algorithm
    }
}
