import Foundation
import MediaCore
import MediaStorage
import MediaTesting
import Testing

/// Credentials that come from elsewhere, are used as long as they hold, and are had anew before they end.
struct CredentialTests {
    private let server: PrivateServer

    init() throws { server = try PrivateServer("aws_metadata") }

    private func set(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(server.folder)/\(name)"))
    }

    private func expectRenewed(_ source: any S3CredentialSource) throws {
        let now = CloudServer.now()
        let first = try source.current(now)
        #expect(first.accessKey.hasPrefix("AKID") && first.sessionToken?.hasPrefix("session") == true)
        #expect(first.end.map { $0 > now.adding(seconds: 500) && $0 < now.adding(seconds: 700) } == true)
        #expect(try source.current(now.adding(seconds: 200)) == first)
        // Five minutes before their end there are others.
        let second = try source.current(now.adding(seconds: 400))
        #expect(second != first)
        // While none can be had, those that hold are used to their end, and no longer.
        try set("away", "")
        defer { try? FileManager.default.removeItem(atPath: "\(server.folder)/away") }
        #expect(try source.current(now.adding(seconds: 450)) == second)
        #expect(throws: (any Error).self) { try source.current(now.adding(seconds: 1200)) }
    }

    @Test("an instance's role, by IMDSv2")
    func instance() throws { try expectRenewed(InstanceS3Credentials(endpoint: server.endpoint)) }

    @Test("a container's role, by a token that is a text or a file")
    func container() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("token", Array("container-token\n".utf8))
        for token in [InstanceS3Credentials.Token.text("container-token"), .file(file)] {
            try expectRenewed(InstanceS3Credentials(container: ("\(server.endpoint)/container", token)))
        }
        let wrong = InstanceS3Credentials(container: ("\(server.endpoint)/container", .text("wrong")))
        #expect(throws: CredentialFailure.self) { try wrong.current(CloudServer.now()) }
    }

    @Test("a web identity's role, by STS")
    func webIdentity() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("token", Array("web-token\n".utf8))
        let role = "arn:aws:iam::1:role/media"
        try expectRenewed(WebIdentityS3Credentials(role: role, tokenFile: file, endpoint: server.endpoint))
        _ = try folder.file("token", Array("expired".utf8))
        let wrong = WebIdentityS3Credentials(role: role, tokenFile: file, endpoint: server.endpoint)
        let failure = #expect(throws: CredentialFailure.self) { try wrong.current(CloudServer.now()) }
        #expect(failure?.description.contains("InvalidIdentityToken") == true)
    }

    @Test("the shared credentials file, which is read again after a minute")
    func file() throws {
        let folder = try TemporaryFolder()
        let text = """
            # A comment
            [default]
            aws_access_key_id = A
            aws_secret_access_key=B

            [media]
            aws_access_key_id = C
            aws_secret_access_key = D=E
            aws_session_token = F
            """
        let path = try folder.file("credentials", Array(text.utf8))
        let now = CloudServer.now()
        let source = FileS3Credentials(path: path, profile: "media")
        #expect(try source.current(now) == .init(accessKey: "C", secretKey: "D=E", sessionToken: "F"))
        _ = try folder.file("credentials", Array(text.replacing("= C", with: "= G").utf8))
        #expect(try source.current(now.adding(seconds: 30)).accessKey == "C")
        #expect(try source.current(now.adding(seconds: 61)).accessKey == "G")
        #expect(throws: CredentialFailure.self) { try FileS3Credentials(path: path, profile: "other").current(now) }
        #expect(throws: CredentialFailure.self) { try FileS3Credentials(path: "/nowhere", profile: "x").current(now) }
    }

    @Test("a machine's service account of Google reads, writes and signs by IAM")
    func google() throws {
        let server = try CloudServer.gcs.server()
        let bucket = try CloudServer.gcs.makeBucket()
        let options = GCSStorage.Options(endpoint: try #require(ObjectURL(base: server.endpoint)), bucket: bucket)
        let storage = GCSStorage(
            name: "gcs", options, credentials: MetadataAccount(endpoint: server.endpoint, iam: server.endpoint),
            now: { CloudServer.now() })
        let store = try TemporaryStore()
        let file = try store.storage.stage(Array("machine".utf8), as: "a")
        let key = BlobKey(sha256: try file.digest().sha256)
        try storage.put(file, key)
        let url = try storage.link(key, nil, now: CloudServer.now(), seconds: 60).text
        #expect(try MediaStorage.HTTPClient().exchange(.init("GET", url), limit: 100).body == Array("machine".utf8))
    }

    @Test("a machine's identity of Azure, and signatures that were given")
    func azure() throws {
        let server = try CloudServer.azure.server()
        let bucket = try CloudServer.azure.makeBucket()
        let options = AzureStorage.Options(
            endpoint: try #require(ObjectURL(base: server.endpoint)), account: CloudServer.account, container: bucket)
        let identity = ManagedIdentity(endpoint: server.description.text("identity"))
        let signer = try #require(AzureSigner(account: CloudServer.account, key: CloudServer.azureKey))
        let store = try TemporaryStore()
        let file = try store.storage.stage(Array("machine".utf8), as: "a")
        let key = BlobKey(sha256: try file.digest().sha256)
        var grant = AzureSigner.Grant("r", until: CloudServer.now().adding(seconds: 600))
        grant.isSecure = false
        // Of one blob, where a container's would do for all.
        let reading = signer.signature(container: bucket, blob: key.name, grant)
        let storage = AzureStorage(
            name: "azure", options, credentials: .identity(identity), now: { CloudServer.now() })
        try storage.put(file, key)
        let url = try storage.link(key, nil, now: CloudServer.now(), seconds: 60).text
        #expect(try MediaStorage.HTTPClient().exchange(.init("GET", url), limit: 100).body == Array("machine".utf8))
        let answer = BlobAnswer(contentType: "video/mp4", disposition: "inline", cacheControl: "private")
        let shown = try storage.link(key, answer, now: CloudServer.now(), seconds: 60).text
        #expect(
            try MediaStorage.HTTPClient().exchange(.init("GET", shown), limit: 100).head["content-type"] == "video/mp4")
        // What it lets others write it signs too.
        let other = BlobKey(sha256: String(repeating: "ab", count: 32))
        let direct = try #require(
            try storage.beginDirect(other, size: 3, now: CloudServer.now(), seconds: 60).requests.first)
        let put = HTTPClient.Request(direct.method, direct.url, fields: direct.fields, body: .bytes(Array("abc".utf8)))
        #expect(try HTTPClient().exchange(put, limit: 1000).head.status == 201)
        #expect(try storage.size(of: other) == 3)
        grant.permissions = "rcwd"
        let signature = signer.signature(container: bucket, blob: key.name, grant)
        let signed = AzureStorage(
            name: "azure", options, credentials: .signature(signature, reading: reading), now: { CloudServer.now() })
        try signed.put(file, key)
        #expect(try signed.size(of: key) == 7)
        try signed.remove(key)
        #expect(try storage.size(of: key) == nil)
    }
}
