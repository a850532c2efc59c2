import MediaCore
import Testing

struct TokenClaimsTests {
    private func claims(_ text: String) throws -> TokenClaims {
        try TokenClaims(JSONParser.parse(Array(text.utf8)))
    }

    @Test("a user with roles and entities")
    func user() throws {
        let claims = try claims(
            #"{"sub":"u1","exp":2000,"nbf":1000.9,"iss":"platform","aud":["media","web"],"roles":["ADMIN","COOK"],"entities":["course:a:b","lesson","lesson:l1"]}"#
        )
        #expect(claims.user.id == "u1" && claims.user.roles == [.admin])
        #expect(
            claims.user.entities
                == [EntityReference(type: "course", id: "a:b"), EntityReference(type: "lesson", id: "l1")])
        #expect(claims.expiresAt.milliseconds == 2_000_000 && claims.notBefore?.milliseconds == 1_000_000)
        #expect(claims.issuer == "platform" && claims.audience == ["media", "web"])
        #expect(try self.claims(#"{"sub":"u1","exp":1,"aud":"media","roles":null}"#).audience == ["media"])
    }

    @Test(
        "claims that aren't what they have to be",
        arguments: [
            "[]", #""x""#, "{}", #"{"exp":1}"#, #"{"sub":"","exp":1}"#, #"{"sub":7,"exp":1}"#,
            #"{"sub":"a/b","exp":1}"#,
            #"{"sub":"..","exp":1}"#, #"{"sub":"a\u0000","exp":1}"#, #"{"sub":"u"}"#, #"{"sub":"u","exp":"1"}"#,
            #"{"sub":"u","exp":-1}"#, #"{"sub":"u","exp":1e300}"#, #"{"sub":"u","exp":253402300800}"#,
            #"{"sub":"u","exp":null}"#, #"{"sub":"u","exp":1,"nbf":"x"}"#, #"{"sub":"u","exp":1,"roles":"ADMIN"}"#,
            #"{"sub":"u","exp":1,"roles":[1]}"#, #"{"sub":"u","exp":1,"entities":{}}"#, #"{"sub":"u","exp":1,"iss":1}"#,
            #"{"sub":"u","exp":1,"aud":1}"#, #"{"sub":"u","exp":1,"aud":[null]}"#,
        ])
    func malformed(text: String) throws {
        let json = try JSONParser.parse(Array(text.utf8))
        #expect { try TokenClaims(json) } throws: { error in
            if case .malformed? = error as? TokenFault { true } else { false }
        }
    }

    @Test("the time at which a token holds")
    func time() throws {
        let claims = try claims(#"{"sub":"u","exp":2000,"nbf":1000}"#)
        let exact = TokenClaims.Rules()
        let lenient = TokenClaims.Rules(leeway: 30)
        func check(_ milliseconds: Int64, _ rules: TokenClaims.Rules) -> TokenFault? {
            do throws(TokenFault) {
                try claims.check(rules, now: Timestamp(milliseconds: milliseconds))
                return nil
            } catch {
                return error
            }
        }
        #expect(check(999_999, exact) == .notYetValid && check(1_000_000, exact) == nil)
        #expect(check(1_999_999, exact) == nil && check(2_000_000, exact) == .expired)
        #expect(check(969_999, lenient) == .notYetValid && check(970_000, lenient) == nil)
        #expect(check(2_029_999, lenient) == nil && check(2_030_000, lenient) == .expired)
    }

    @Test(
        "issuer and audience",
        arguments: [
            (#""iss":"a""#, nil, nil, nil), (#""iss":"a""#, "a", nil, nil), (#""iss":"a""#, "b", nil, .issuer),
            (#""x":1"#, "a", nil, .issuer), (#""aud":"m""#, nil, "m", nil), (#""aud":["w","m"]"#, nil, "m", nil),
            (#""aud":["w"]"#, nil, "m", .audience), (#""x":1"#, nil, "m", .audience),
            (#""aud":"m""#, nil, nil, .audience), (#""aud":[]"#, nil, nil, nil),
        ] as [(String, String?, String?, TokenFault?)])
    func addressees(members: String, issuer: String?, audience: String?, fault: TokenFault?) throws {
        let claims = try claims(#"{"sub":"u","exp":2000,\#(members)}"#)
        let rules = TokenClaims.Rules(issuer: issuer, audience: audience)
        do throws(TokenFault) {
            try claims.check(rules, now: Timestamp(milliseconds: 0))
            #expect(fault == nil)
        } catch {
            #expect(error == fault)
        }
    }

    @Test("headers")
    func header() throws {
        func header(_ text: String) throws -> TokenHeader { try TokenHeader(JSONParser.parse(Array(text.utf8))) }
        #expect(try header(#"{"alg":"none"}"#).algorithm == "none")
        #expect(try header(#"{"alg":"ES256","kid":"k","jku":"https://x","jwk":{}}"#).keyID == "k")
        for text in ["[]", "{}", #"{"alg":null}"#, #"{"alg":["HS256"]}"#, #"{"alg":"HS256","kid":1}"#] {
            #expect(throws: TokenFault.self) { try header(text) }
        }
        #expect(throws: TokenFault.malformed("its header has critical parameters")) {
            try header(#"{"alg":"HS256","crit":["b64"],"b64":false}"#)
        }
    }
}
