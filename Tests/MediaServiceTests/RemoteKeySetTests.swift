import Crypto
import Foundation
import MediaCore
import MediaTesting
import Testing

@testable import MediaService

/// The issuer's keys at a URL, served by Python's web server.
@Suite(.serialized) struct RemoteKeySetTests {
    private let folder: TemporaryFolder
    private let port: Int
    private var server: ChildProcess
    private let first = TestIssuer(key: .p256(P256.Signing.PrivateKey()), keyID: "1")
    private let second = TestIssuer(key: .ed25519(Curve25519.Signing.PrivateKey()), keyID: "2")

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.folder("www")
        _ = try folder.file("www/.keep", [])
        port = try Port.free()
        server = try Self.serve(folder, port)
        try publish([first])
    }

    private static func serve(_ folder: TemporaryFolder, _ port: Int) throws -> ChildProcess {
        let server = try ChildProcess(
            "python3",
            ["-u", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", "\(folder.path)/www"],
            output: "\(folder.path)/requests")
        let client = HTTPClient(baseURL: "http://127.0.0.1:\(port)")
        guard eventually(within: 10, { (try? client.get("/.keep"))?.status == 200 }) else {
            throw TestFailure("the web server does not start")
        }
        return server
    }

    private func publish(_ issuers: [TestIssuer]) throws {
        let keys = try issuers.map { try $0.key.jwk($0.keyID) }.joined(separator: ",")
        _ = try folder.file("www/keys.json", Array(#"{"keys":[\#(keys)]}"#.utf8))
    }

    private var fetches: Int {
        let log = (try? String(contentsOfFile: "\(folder.path)/requests", encoding: .utf8)) ?? ""
        return log.components(separatedBy: "GET /keys.json").count - 1
    }

    private func verifier(
        _ path: String = "/keys.json", stale: String = "1d", secret: String = ""
    ) throws -> TokenVerifier {
        let configuration = try Configuration(environment: [
            "MEDIA_JWT_SECRET": secret,
            "MEDIA_RUN_DIR": folder.path, "MEDIA_LOG_LEVEL": "error", "MEDIA_JWT_KEYS_STALE": stale,
            "MEDIA_JWT_KEYS_URL": "http://127.0.0.1:\(port)\(path)",
        ])
        return try Environment(configuration: configuration, metrics: Metrics()).tokens
    }

    private func outcome(_ verifier: TokenVerifier, _ issuer: TestIssuer, after seconds: Int = 0) throws -> TokenFault?
    {
        let token = try issuer.token("u")
        do throws(TokenFault) {
            _ = try verifier.verify(token, now: Clock.now().adding(seconds: seconds))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "fetched once, and again for a key that isn't known, but not at everybody's bidding",
        arguments: ["", TestIssuer.secret])
    func unknownKeys(secret: String) throws {
        let verifier = try verifier(secret: secret)
        #expect(try outcome(verifier, first) == nil && outcome(verifier, first) == nil)
        #expect(fetches == 1)
        #expect(try outcome(verifier, second) == .unknownKey)
        #expect(fetches == 1)
        try publish([first, second])
        #expect(try outcome(verifier, second, after: 31) == nil)
        #expect(fetches == 2)
        for number in 0..<20 {
            #expect(try outcome(verifier, TestIssuer(key: first.key, keyID: "x\(number)"), after: 35) == .unknownKey)
        }
        #expect(fetches == 2)
    }

    @Test("a key that the issuer has taken out ends its tokens, remembered ones too")
    func withdrawn() throws {
        let verifier = try verifier()
        let token = try first.token("u")
        #expect(try verifier.verify(token, now: Clock.now()).user.id == "u")
        try publish([second])
        // A token of the new key makes the set known.
        #expect(try outcome(verifier, second, after: 31) == nil)
        #expect(throws: TokenFault.unknownKey) { try verifier.verify(token, now: Clock.now().adding(seconds: 32)) }
    }

    @Test(
        "with the issuer down its keys hold, also after a restart, for as long as the setting says",
        arguments: ["", TestIssuer.secret])
    func down(secret: String) throws {
        let verifier = try verifier(stale: "60", secret: secret)
        #expect(try outcome(verifier, first) == nil)
        server.stop(SIGKILL)
        #expect(try outcome(verifier, first, after: 50) == nil)
        #expect(try outcome(self.verifier(stale: "60", secret: secret), first, after: 50) == nil)
        #expect(try outcome(verifier, first, after: 61) == .keysUnavailable)
        #expect(try outcome(self.verifier("/other.json", secret: secret), first) == .keysUnavailable)
    }

    @Test("what isn't a set of public keys is not taken")
    func badSets() throws {
        _ = try folder.file(
            "www/secret.json", Array(#"{"keys":[\#(TestIssuer.Key.secret(TestIssuer.secret).jwk("s"))]}"#.utf8))
        _ = try folder.file("www/page.json", Array("<html>".utf8))
        _ = try folder.file("www/long.json", [UInt8](repeating: 0x20, count: 2 << 20))
        for name in ["secret", "page", "long", "none"] {
            #expect(try outcome(verifier("/\(name).json"), first) == .keysUnavailable, "\(name)")
        }
    }

    @Test("a set that breaks leaves the keys that are known")
    func broken() throws {
        let verifier = try verifier()
        #expect(try outcome(verifier, first) == nil)
        _ = try folder.file("www/keys.json", Array("{".utf8))
        #expect(try outcome(verifier, second, after: 31) == .unknownKey)
        #expect(try outcome(verifier, first, after: 32) == nil && fetches == 2)
    }
}
