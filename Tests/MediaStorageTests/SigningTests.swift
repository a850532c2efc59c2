import Foundation
import MediaCore
import MediaStorage
import MediaTesting
import Testing

/// Signatures against those that the providers' own libraries make of the same requests (`signing_oracle.py`).
struct SigningTests {
    private typealias Field = MediaStorage.HTTPClient.Field

    private static let accessKey = "AKIDEXAMPLE"
    private static let secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    private static let azureKey = Data((0..<64).map { UInt8($0) }).base64EncodedString()

    private static let names = [
        "plain.txt", "a b", "a+b", "a%2Fb", "grüße/ünïcode.txt", "a//b", "~tilde", "st*r", "quote's", "(paren)",
        "a&b=c",
        "what?", "ha#sh", "ab/cd/0123", "emoji 🎓", "semi;colon", "at@colon:", "comma,dot.", "back\\slash", "[x]", "$",
        "!",
    ]

    /// The same each time.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private func oracle(_ cases: [JSON]) throws -> [JSON] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "signing_oracle.py")
        let folder = try TemporaryFolder()
        let input = try folder.file("cases", Array(cases.map { $0.text + "\n" }.joined().utf8))
        let command = try Command(
            "/bin/sh", ["-c", "exec \"$0\" -B \"$1\" < \"$2\"", TestTools.path("python3"), script.path, input])
        let answers = try command.text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
        try #require(answers.count == cases.count, "\(command.errors.suffix(2000))")
        return answers
    }

    private func moment(_ numbers: inout Numbers) -> Timestamp {
        Timestamp(milliseconds: Int64.random(in: 1_500_000_000...2_500_000_000, using: &numbers) * 1000)
    }

    private func object(_ members: [(String, JSON)]) -> JSON { .object(members.map { .init($0, $1) }) }

    private func name(_ numbers: inout Numbers) -> String {
        (0..<Int.random(in: 1...3, using: &numbers)).map { _ in Self.names.randomElement(using: &numbers) ?? "" }
            .joined(separator: "/")
    }

    private func query(_ numbers: inout Numbers) -> [ObjectURL.Parameter] {
        let names = ["uploads", "partNumber", "uploadId", "list-type", "prefix", "response-content-disposition"]
            .shuffled(
                using: &numbers)
        return names.prefix(Int.random(in: 0...3, using: &numbers)).map {
            .init($0, Self.names.randomElement(using: &numbers) ?? "")
        }
    }

    private func fields(_ numbers: inout Numbers, _ names: [String]) -> [Field] {
        names.filter { _ in Bool.random(using: &numbers) }.map {
            Field($0, "value  of \($0) ".trimmingCharacters(in: .whitespaces))
        }
    }

    private func json(_ fields: [Field]) -> JSON { object(fields.map { ($0.name, .string($0.value)) }) }

    @Test("Signature Version 4: requests and URLs")
    func amazon() throws {
        var numbers = Numbers(state: 1)
        var cases: [JSON] = []
        var ours: [String] = []
        for index in 0..<300 {
            let base = index % 2 == 0 ? "https://bucket.s3.eu-central-1.amazonaws.com" : "http://127.0.0.1:9000"
            let url = try #require(ObjectURL(base: base)).appending(name(&numbers)).with(query(&numbers))
            let now = moment(&numbers)
            let token = index % 3 == 0 ? "session/token+=" : nil
            let credentials = SigV4.Credentials(
                accessKey: Self.accessKey, secretKey: Self.secretKey, sessionToken: token)
            let signer = SigV4(region: index % 5 == 0 ? "us-east-1" : "eu-central-1")
            let method = ["GET", "PUT", "POST", "DELETE", "HEAD"][index % 5]
            let fields = fields(
                &numbers, ["Content-Type", "x-amz-meta-a", "Range", "x-amz-storage-class", "Content-MD5"])
            let payload = index % 4 == 0 ? SigV4.unsignedPayload : String(repeating: "ab", count: 32)
            var members: [(String, JSON)] = [
                ("method", .string(method)), ("url", .string(url.text)), ("headers", json(fields)),
                ("accessKey", .string(Self.accessKey)), ("secretKey", .string(Self.secretKey)),
                ("sessionToken", JSON(token)), ("region", .string(signer.region)), ("service", .string("s3")),
                ("time", .string(now.basicISO8601)),
            ]
            if index % 2 == 0 {
                members += [("kind", .string("sigv4")), ("payloadHash", .string(payload))]
                let added = signer.fields(method, url, fields: fields, payload: payload, credentials, now: now)
                ours.append(added.first { $0.name == "Authorization" }?.value ?? "")
            } else {
                members += [("kind", .string("sigv4-query")), ("expires", .integer(Int64(index)))]
                ours.append(
                    signer.presigned(method, url, fields: fields, credentials, now: now, seconds: index).text)
            }
            cases.append(object(members))
        }
        for (index, answer) in try oracle(cases).enumerated() {
            if index % 2 == 0 {
                #expect(answer.text("authorization") == ours[index], "\(cases[index].text)\n\(answer.text)")
            } else {
                #expect(
                    parameters(answer.text("url")) == parameters(ours[index]), "\(cases[index].text)\n\(answer.text)")
            }
        }
    }

    /// What a URL says, whatever the order of its parameters.
    private func parameters(_ url: String) -> Set<String> {
        let halves = url.split(separator: "?", maxSplits: 1)
        return Set([String(halves[0])] + (halves.count > 1 ? halves[1].split(separator: "&").map(String.init) : []))
    }

    @Test("Google's V4 URLs")
    func google() throws {
        let key = try Command.run(
            "openssl", ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        let signer = try GoogleSigner(email: "media@project.iam.gserviceaccount.com", keyID: "k", key: key)
        var numbers = Numbers(state: 2)
        var cases: [JSON] = []
        var ours: [String] = []
        for index in 1...100 {
            let (bucket, name, now) = ("bucket-\(index)", name(&numbers), moment(&numbers))
            let query = query(&numbers)
            let method = index % 2 == 0 ? "GET" : "PUT"
            let url = try #require(ObjectURL(base: "https://storage.googleapis.com")).appending("\(bucket)/\(name)")
            ours.append(try signer.presigned(method, url.with(query), now: now, seconds: index).text)
            cases.append(
                object([
                    ("kind", .string("gcs-v4")), ("method", .string(method)), ("bucket", .string(bucket)),
                    ("name", .string(name)), ("time", .string(now.basicISO8601)), ("expires", .integer(Int64(index))),
                    ("headers", .object([])), ("query", object(query.map { ($0.name, .string($0.value)) })),
                    ("clientEmail", .string("media@project.iam.gserviceaccount.com")), ("privateKey", .string(key)),
                    ("endpoint", .string("https://storage.googleapis.com")),
                ]))
        }
        for (index, answer) in try oracle(cases).enumerated() {
            #expect(parameters(answer.text("url")) == parameters(ours[index]), "\(cases[index].text)\n\(answer.text)")
        }
    }

    @Test("Azure's shared key and shared access signatures")
    func azure() throws {
        let signer = try #require(AzureSigner(account: "account", key: Self.azureKey))
        let delegation = AzureSigner.Delegation(
            object: "11111111-2222-3333-4444-555555555555", tenant: "a-tenant", start: "2026-11-01T00:00:00Z",
            end: "2026-11-07T23:45:00Z", service: "b", version: AzureSigner.version)
        let delegated = try #require(AzureSigner(account: "account", key: Self.azureKey, delegation: delegation))
        var numbers = Numbers(state: 3)
        var cases: [JSON] = []
        var ours: [String] = []
        for index in 0..<200 {
            // The library cuts a path off there.
            let name = name(&numbers).replacing(";", with: "")
            let now = moment(&numbers)
            if index % 2 == 0 {
                let base = index % 4 == 0 ? "https://account.blob.core.windows.net" : "http://127.0.0.1:10000/account"
                let url = try #require(ObjectURL(base: base)).appending("container/\(name)").with(
                    index % 3 == 0 ? [.init("comp", "block"), .init("blockid", "AAA+/=")] : [])
                let fields =
                    fields(&numbers, ["Content-Type", "Content-MD5", "If-None-Match", "x-ms-blob-type", "x-ms-meta-a"])
                    + [Field("x-ms-date", now.httpDate), Field("x-ms-version", AzureSigner.version)]
                ours.append(signer.authorization("PUT", url, fields: fields))
                cases.append(
                    object([
                        ("kind", .string("azure-shared-key")), ("method", .string("PUT")), ("url", .string(url.text)),
                        ("headers", json(fields)), ("account", .string("account")), ("key", .string(Self.azureKey)),
                    ]))
            } else {
                var grant = AzureSigner.Grant("r", until: now.adding(seconds: 600))
                if index % 3 == 0 { grant.start = now }
                if index % 5 == 0 { grant.address = "192.0.2.1" }
                if index % 7 == 0 { grant.contentDisposition = "attachment; filename=\"\(name)\"" }
                if index % 2 == 1 { grant.contentType = "video/mp4" }
                let signer = index % 4 == 1 ? signer : delegated
                ours.append(query(signer.signature(container: "container", blob: name, grant)))
                cases.append(
                    object([
                        ("kind", .string("azure-sas")), ("account", .string("account")),
                        ("key", .string(Self.azureKey)),
                        ("container", .string("container")), ("blob", .string(name)), ("permission", .string("r")),
                        ("start", JSON(grant.start?.wholeISO8601)), ("expiry", .string(grant.end.wholeISO8601)),
                        ("ip", JSON(grant.address)), ("protocol", .string("https")),
                        ("contentDisposition", JSON(grant.contentDisposition)),
                        ("contentType", JSON(grant.contentType)), ("cacheControl", .null),
                        ("version", .string(AzureSigner.version)),
                        (
                            "delegation",
                            signer.delegation.map {
                                .array(
                                    [$0.object, $0.tenant, $0.start, $0.end, $0.service, $0.version].map(JSON.string))
                            } ?? .null
                        ),
                    ]))
            }
        }
        for (index, answer) in try oracle(cases).enumerated() {
            if index % 2 == 0 {
                #expect(answer.text("authorization") == ours[index], "\(cases[index].text)\n\(answer.text)")
            } else {
                let theirs = answer.text("query").split(separator: "&").map { $0.removingPercentEncoding ?? "" }
                    .sorted()
                #expect(theirs.joined(separator: "&") == ours[index], "\(cases[index].text)\n\(answer.text)")
            }
        }
    }

    private func query(_ parameters: [ObjectURL.Parameter]) -> String {
        parameters.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: "&")
    }
}
