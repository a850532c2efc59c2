/// What a token says of its user (RFC 7519 §4.1), `roles` and `entities` beside it.
package struct TokenClaims: Equatable, Sendable {
    /// What a token has to say beside its time.
    package struct Rules: Equatable, Sendable {
        /// `iss`; nil: any.
        package var issuer: String?
        /// What `aud` has to name; nil: a token that names an audience isn't meant for this service.
        package var audience: String?
        /// Seconds by which the issuer's clock may differ.
        package var leeway: Int

        package init(issuer: String? = nil, audience: String? = nil, leeway: Int = 0) {
            self.issuer = issuer
            self.audience = audience
            self.leeway = leeway
        }
    }

    package let user: User
    package let expiresAt: Timestamp
    package let notBefore: Timestamp?
    package let issuer: String?
    package let audience: [String]

    /// - Throws: `malformed` for claims that are missing or of a wrong kind. Roles that aren't known here and entities of
    ///   another form give no right and are passed over.
    package init(_ json: JSON) throws(TokenFault) {
        guard json.object != nil else { throw .malformed("its claims are no JSON object") }
        guard let id = json["sub"]?.string, TextRules.faultInSegment(id, maxLength: 191) == nil else {
            throw .malformed("it names no user ('sub')")
        }
        let roles = try Self.texts(json["roles"], "roles").compactMap(Role.init(rawValue:))
        let entities = try Self.texts(json["entities"], "entities").compactMap(EntityReference.init(_:))
        user = User(id: id, roles: Set(roles), entities: Set(entities))
        guard let expiresAt = try Self.moment(json["exp"], "exp") else { throw .malformed("it has no end ('exp')") }
        self.expiresAt = expiresAt
        notBefore = try Self.moment(json["nbf"], "nbf")
        if let issuer = json["iss"], issuer.string == nil { throw .malformed("its 'iss' is no string") }
        issuer = json["iss"]?.string
        // One audience may stand there without an array (RFC 7519 §4.1.3).
        if let single = json["aud"]?.string {
            audience = [single]
        } else {
            audience = try Self.texts(json["aud"], "aud")
        }
    }

    /// - Throws: why the token doesn't hold now, here.
    package func check(_ rules: Rules, now: Timestamp) throws(TokenFault) {
        guard now < expiresAt.adding(seconds: rules.leeway) else { throw .expired }
        if let notBefore, notBefore > now.adding(seconds: rules.leeway) { throw .notYetValid }
        if let expected = rules.issuer, expected != issuer { throw .issuer }
        if let expected = rules.audience {
            guard audience.contains(expected) else { throw .audience }
        } else if !audience.isEmpty {
            throw .audience
        }
    }

    private static func texts(_ value: JSON?, _ name: String) throws(TokenFault) -> [String] {
        guard let value, !value.isNull else { return [] }
        guard let elements = value.array else { throw .malformed("its '\(name)' is no array") }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count else { throw .malformed("its '\(name)' holds what is no string") }
        return texts
    }

    /// A NumericDate (RFC 7519 §2), whose fraction is cut off.
    private static func moment(_ value: JSON?, _ name: String) throws(TokenFault) -> Timestamp? {
        let latest: Int64 = 253_402_300_799  // 9999-12-31T23:59:59Z
        switch value {
        case nil: return nil
        case .integer(let seconds)? where (0...latest).contains(seconds):
            return Timestamp(milliseconds: seconds * 1000)
        case .decimal(let text)?:
            guard let seconds = Double(text), seconds >= 0, seconds <= Double(latest) else { break }
            return Timestamp(milliseconds: Int64(seconds) * 1000)
        default: break
        }
        throw .malformed("its '\(name)' is no moment")
    }
}
