import MediaCore

/// A token in compact form (RFC 7515 §3.1), split and not yet believed.
struct SignedToken {
    private let header: TokenHeader
    private let payload: [UInt8]
    private let signed: [UInt8]
    private let signature: [UInt8]

    init(_ text: String) throws(TokenFault) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("it hasn't the form of a signed token") }
        let bytes = parts.compactMap { Base64URL.decode(String($0)) }
        guard bytes.count == 3 else { throw .malformed("it isn't base64url") }
        header = try TokenHeader(Self.json(bytes[0]))
        payload = bytes[1]
        signature = bytes[2]
        signed = Array(text.utf8.dropLast(parts[2].utf8.count + 1))
    }

    /// What the token says, once a key of `ring` is known to have signed it.
    func claims(_ ring: KeyRing) throws(TokenFault) -> TokenClaims {
        guard try ring.candidates(header).contains(where: { $0.hasSigned(signed, signature) }) else { throw .signature }
        return try TokenClaims(Self.json(payload))
    }

    private static func json(_ bytes: [UInt8]) throws(TokenFault) -> JSON {
        do {
            return try JSONParser.parse(bytes, maxDepth: 16)
        } catch {
            throw .malformed("it holds no JSON")
        }
    }
}
