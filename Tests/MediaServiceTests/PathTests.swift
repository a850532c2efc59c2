import MediaCore
import MediaTesting
import Testing

/// Paths that try to reach what they should not.
struct PathTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let secret: JSON
    private let open: JSON

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
        secret = try client.upload(Samples.text("secret"), name: "secret.txt", user: "paths")
        open = try client.upload(Samples.text("open"), name: "open.txt", user: "paths", query: "isPublic=true")
    }

    /// The blob's path below `objects/`.
    private var object: String {
        let sha256 = secret.text("sha256")
        return "\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)"
    }

    @Test(
        "no trick with a path gets anything out of the store",
        arguments: [
            "/p/ID/../../objects/OBJECT", "/p/ID/..%2f..%2fobjects/OBJECT", "/p/ID/%2e%2e/%2e%2e/objects/OBJECT",
            "/p/ID/%2e%2e%2f%2e%2e%2fobjects%2fOBJECT", "/p/../objects/OBJECT", "/p/ID/..", "/p/ID/.", "/p/ID/",
            "/p/ID", "/p/", "/p/ID/..%5c..%5cobjects", "/p/..%2fID/open.txt", "/p/ID/....//objects/OBJECT",
            "/_objects/OBJECT", "//_objects/OBJECT", "/%5fobjects/OBJECT", "/p/../_objects/OBJECT",
            "/m/../_objects/OBJECT", "/v1/../_objects/OBJECT", "/./_objects/OBJECT", "/_objects/%2e%2e/settings.env",
            "/p/ID/open.txt/", "/p/ID/open.txt/..%2f..", "/m/ID/..%2f..%2fsettings.env", "/p/ID/open.txt~",
        ])
    func trick(path: String) throws {
        let path = path.replacing("OBJECT", with: object).replacing("ID", with: open.id)
        for caller in [client, instance.anonymous] {
            let answer = try caller.get(path)
            #expect((400..<500).contains(answer.status), "\(path): \(answer.status)")
            #expect(answer["Content-Type"] == "application/problem+json")
            #expect(!answer.text.contains("secret"))
        }
    }

    @Test("NUL in a path is no request", arguments: ["/p/ID/open.txt%00.jpg", "/m/ID%00", "/v1/media/%00", "/%00"])
    func nul(path: String) throws {
        let answer = try client.get(path.replacing("ID", with: open.id))
        #expect(answer.status == 400 || answer.status == 404)
        #expect(answer["Content-Type"] == "application/problem+json")
    }

    @Test(
        "a path that stays inside is normalised and served",
        arguments: [
            "/p//ID/open.txt", "//p/ID/open.txt", "/m/../p/ID/./open.txt", "/p/ID/%6Fpen.txt", "/p/ID/open.txt?a=b",
        ])
    func harmless(path: String) throws {
        let answer = try instance.anonymous.get(path.replacing("ID", with: open.id))
        #expect(answer.status == 200 && answer.body == Samples.text("open"))
    }

    @Test("a public file has one name")
    func otherName() throws {
        try instance.anonymous.get("/p/\(open.id)/other.txt").expectProblem(404)
        try instance.anonymous.get("/p/\(secret.id)/secret.txt").expectProblem(404)
        try instance.anonymous.get("/p/\(open.id)/OPEN.TXT").expectProblem(404)
    }

    @Test("folders are not listed", arguments: ["/p", "/p/", "/p/ID/", "/m", "/m/"])
    func folders(path: String) throws {
        try instance.anonymous.get(path.replacing("ID", with: open.id)).expectProblem(404)
    }
}
