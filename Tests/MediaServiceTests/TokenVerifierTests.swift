import Crypto
import Foundation
import MediaCore
import MediaTesting
import Testing

@testable import MediaService

/// Which tokens are accepted.
struct TokenVerifierTests {
    private let folder: TemporaryFolder
    private let p256 = TestIssuer(key: .p256(P256.Signing.PrivateKey()), keyID: "ec")
    private let ed25519 = TestIssuer(key: .ed25519(Curve25519.Signing.PrivateKey()), keyID: "ed")
    private let secret = TestIssuer()
    private let verifier: TokenVerifier

    init() throws {
        folder = try TemporaryFolder()
        let keys = try [p256, ed25519].map { try $0.key.jwk($0.keyID) } + [#"{"kty":"new"}"#]
        let file = try folder.file("keys.json", Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8))
        verifier = try Self.verifier(["MEDIA_JWT_SECRET": TestIssuer.secret, "MEDIA_JWT_KEYS_FILE": file], folder)
    }

    private static func verifier(_ settings: [String: String], _ folder: TemporaryFolder) throws -> TokenVerifier {
        let configuration = try Configuration(
            environment: settings.merging(["MEDIA_RUN_DIR": folder.path, "MEDIA_LOG_LEVEL": "error"]) { $1 })
        return try Environment(configuration: configuration, metrics: Metrics()).tokens
    }

    private func fault(_ token: String, now: Timestamp = Clock.now()) -> TokenFault? {
        do throws(TokenFault) {
            _ = try verifier.verify(token, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("tokens of every key, again and again")
    func good() throws {
        for issuer in [p256, ed25519, secret, TestIssuer(keyID: "unheard-of")] {
            let token = try issuer.token("u1", roles: ["INSTRUCTOR"], entities: ["course:c"])
            for _ in 0..<3 {
                let user = try verifier.verify(token, now: Clock.now()).user
                #expect(
                    user == User(id: "u1", roles: [.instructor], entities: [EntityReference(type: "course", id: "c")]))
            }
        }
    }

    @Test("an algorithm that isn't the key's")
    func algorithm() throws {
        for name in ["none", "None", "NONE", "", "HS512", "hs256"] {
            let header = #"{"alg":"\#(name)"}"#
            #expect(fault(try secret.token(claims: #"{"sub":"u"}"#, header: header)) == .algorithm, "\(name)")
            // And without a signature.
            let parts = try secret.token(claims: #"{"sub":"u"}"#, header: header).split(separator: ".")
            #expect(fault("\(parts[0]).\(parts[1]).") == .algorithm)
        }
        #expect(fault(try secret.token(claims: #"{"sub":"u"}"#, header: #"{"alg":"RS256"}"#)) == .unknownKey)
        // The public key as a secret of HS256, with and without its name.
        for jwk in [try p256.key.jwk("ec"), try p256.key.jwk(nil)] {
            let confused = TestIssuer(key: .secret(jwk), keyID: "ec")
            #expect(fault(try confused.token("u")) == .algorithm)
            #expect(fault(try TestIssuer(key: .secret(jwk)).token("u")) == .signature)
        }
        // One key's token under another key's name.
        #expect(fault(try TestIssuer(key: p256.key, keyID: "ed").token("u")) == .algorithm)
        let other = TestIssuer(key: .p256(P256.Signing.PrivateKey()), keyID: "ec")
        #expect(fault(try other.token("u")) == .signature)
    }

    @Test("keys that a token brings along are not looked at")
    func broughtKeys() throws {
        let own = TestIssuer.Key.p256(P256.Signing.PrivateKey())
        let header = #"{"alg":"ES256","jwk":\#(try own.jwk("ec")),"jku":"http://localhost/","x5u":"http://localhost/"}"#
        #expect(fault(try TestIssuer(key: own).token(claims: #"{"sub":"u"}"#, header: header)) == .signature)
    }

    @Test("a changed character anywhere")
    func tampered() throws {
        let token = Array(try p256.token("u1", roles: ["STUDENT"]).utf8)
        #expect(fault(String(decoding: token, as: UTF8.self)) == nil)
        for index in token.indices {
            var changed = token
            changed[index] = token[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(fault(String(decoding: changed, as: UTF8.self)) != nil, "\(index)")
        }
        for length in [0, 1, token.count / 2, token.count - 1] {
            #expect(fault(String(decoding: token[..<length], as: UTF8.self)) != nil)
        }
    }

    @Test(
        "what is no token",
        arguments: [
            "", ".", "..", "...", "a.b.c", "a.b", "e30.e30.", "e30.e30.e30.e30", "e30=.e30.e30", "bnVsbA.bnVsbA.bnVsbA",
            "eyJhbGciOiJIUzI1NiIsImFsZyI6Im5vbmUifQ.e30.AA",
        ])
    func garbage(token: String) {
        guard case .malformed? = fault(token) else {
            Issue.record("\(token): \(String(describing: fault(token)))")
            return
        }
    }

    @Test("a token that is too long isn't looked at")
    func tooLong() throws {
        let token = try secret.token(String(repeating: "u", count: 7000))
        #expect(token.utf8.count > 8192 && fault(token) == .tooLong(8192))
    }

    @Test("a token that was good ends with its time, also where it is remembered")
    func remembered() throws {
        let token = try secret.token(claims: #"{"sub":"u","exp":5000,"nbf":4000}"#)
        #expect(fault(token, now: Timestamp(milliseconds: 3_900_000)) == .notYetValid)
        #expect(fault(token, now: Timestamp(milliseconds: 4_500_000)) == nil)
        #expect(fault(token, now: Timestamp(milliseconds: 5_100_000)) == .expired)
        #expect(fault(token, now: Timestamp(milliseconds: 3_900_000)) == .notYetValid)
    }

    @Test("more tokens than are remembered")
    func many() throws {
        let now = Clock.now()
        for number in 0..<8200 { _ = try verifier.verify(try secret.token("u\(number)"), now: now) }
        #expect(try verifier.verify(try secret.token("u0"), now: now).user.id == "u0")
    }

    @Test("two secrets at once, as while one replaces the other")
    func rotation() throws {
        let new = TestIssuer(key: .secret(String(repeating: "n", count: 40)))
        let settings = ["MEDIA_JWT_SECRET": String(repeating: "n", count: 40) + "," + TestIssuer.secret]
        let verifier = try Self.verifier(settings, folder)
        for issuer in [new, secret] { #expect(try verifier.verify(issuer.token("u"), now: Clock.now()).user.id == "u") }
        #expect(throws: TokenFault.unknownKey) { try verifier.verify(p256.token("u"), now: Clock.now()) }
    }

    @Test("without keys no token is accepted")
    func noKeys() throws {
        let verifier = try Self.verifier([:], folder)
        #expect(throws: TokenFault.unknownKey) { try verifier.verify(secret.token("u"), now: Clock.now()) }
    }

    @Test("a file of keys that can't be used stops the start")
    func badFile() throws {
        for text in ["", "[]", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AA"}]}"#] {
            let file = try folder.file("bad.json", Array(text.utf8))
            #expect { try Self.verifier(["MEDIA_JWT_KEYS_FILE": file], folder) } throws: { "\($0)".contains(file) }
        }
        #expect(throws: KeyRing.Failure.self) { try Self.verifier(["MEDIA_JWT_KEYS_FILE": "/nowhere"], folder) }
    }
}
