import MediaCore
import MediaTesting
import Testing

@testable import MediaService

/// Keys against the examples of the RFCs and against openssl.
struct TokenKeyTests {
    private func key(_ text: String, isPublic: Bool = false) throws -> TokenKey {
        try TokenKey(JSONParser.parse(Array(text.utf8)), isPublic: isPublic)
    }

    @Test(
        "signatures of the RFCs' examples",
        arguments: [
            // RFC 7515, appendices A.1 and A.3; RFC 8037, appendix A.4.
            (
                #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            ),
            (
                #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
                "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
            ),
            (
                #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
            ),
        ])
    func examples(jwk: String, token: String) throws {
        let key = try key(jwk)
        let parts = token.split(separator: ".")
        let signed = Array("\(parts[0]).\(parts[1])".utf8)
        var signature = try #require(Base64URL.decode(String(parts[2])))
        #expect(key.hasSigned(signed, signature))
        #expect(!key.hasSigned(signed + [0], signature))
        #expect(!key.hasSigned(signed, []) && !key.hasSigned(signed, signature + [0]))
        #expect(!key.hasSigned(signed, [UInt8](repeating: 0, count: signature.count)))
        signature[signature.count / 2] ^= 1
        #expect(!key.hasSigned(signed, signature))
    }

    @Test("an RSA signature of openssl")
    func rsa() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/rsa.pem"
        try Command.run("openssl", ["genrsa", "-out", path, "2048"])
        let issuer = TestIssuer.Key.rsa(path)
        let key = try key(issuer.jwk("r"), isPublic: true)
        let signature = try issuer.signature(Array("text".utf8))
        #expect(key.id == "r" && key.algorithm == .rs256)
        #expect(key.hasSigned(Array("text".utf8), signature) && !key.hasSigned(Array("texts".utf8), signature))
    }

    @Test(
        "keys that aren't used",
        arguments: [
            ("{}", "type"),
            (#"{"kty":"RSA","alg":"RS512","n":"\#(String(repeating: "_", count: 341))w","e":"AQAB"}"#, "RS512"),
            (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "2048"), (#"{"kty":"RSA","e":"AQAB"}"#, "'n'"),
            (#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, "type"),
            (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "no key"),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "no key"), (#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "type"),
            (#"{"kty":"oct","k":"AAAA"}"#, "32 bytes"),
            (#"{"kty":"oct","alg":"none","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}"#, "none"),
            (#"{"kty":"EC","use":"enc","crv":"P-256","x":"AA","y":"AA"}"#, "enc"),
            (#"{"kty":"EC","key_ops":["sign"],"crv":"P-256","x":"AA","y":"AA"}"#, "verify"),
        ])
    func unusable(jwk: String, reason: String) throws {
        #expect { try key(jwk) } throws: { "\($0)".contains(reason) }
    }

    @Test("a secret in a public set is none")
    func publicSecret() throws {
        let jwk = try TestIssuer.Key.secret(TestIssuer.secret).jwk("s")
        #expect(try key(jwk).algorithm == .hs256)
        #expect(throws: TokenKey.Unusable.self) { try key(jwk, isPublic: true) }
    }
}
