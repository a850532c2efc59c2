import MediaCore
import MediaTesting
import Synchronization
import Testing

/// The keys of signed links: made, rotated and revoked while links of them are in use.
struct LinkKeyTests {
    private static let first = "first-secret-first-secret-first-secret"
    private static let second = "second-secret-second-secret-second-secret"

    private let instance: ServiceInstance
    private let client: HTTPClient
    private let id: String

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_LINK_SECRET": Self.first])
        client = try instance.client()
        id = try client.upload(Samples.png("keys"), name: "a.png", user: "keys").id
    }

    private func link() throws -> String {
        try instance.mediad("sign", id, "--expires", "10m")
    }

    private func status(_ url: String) throws -> Int { try instance.anonymous.get(url).status }

    /// Puts other secrets in place without a request being refused.
    private func reload(secrets: String) throws {
        try instance.change(settings: ["MEDIA_LINK_SECRET": secrets])
        let workers = instance.workers
        instance.supervisor?.send(1)
        #expect(eventually { instance.workers.count == 2 && instance.workers.allSatisfy { !workers.contains($0) } })
    }

    @Test("links of an old key hold until it is revoked; new ones have the new key")
    func rotation() throws {
        let old = try link()
        let key = try instance.mediad("link-key", "rotate")
        let new = try link()
        #expect(new.contains("k=\(key)&") && !old.contains("k=\(key)&"))
        #expect(try status(old) == 200 && status(new) == 200)
        let lines = try instance.mediad("link-key", "list").split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("retired") && lines[1].hasSuffix("signs"))
        let oldKey = String(lines[0].prefix(8))
        try instance.mediad("link-key", "revoke", oldKey)
        try instance.anonymous.get(old).expectProblem(403, "link_revoked")
        #expect(try status(new) == 200)
        #expect(throws: TestFailure.self) { try instance.mediad("link-key", "revoke", "00000000") }
    }

    @Test("a new secret in front of the old one keeps the links; without the old one they end")
    func secrets() throws {
        let old = try link()
        try reload(secrets: "\(Self.second),\(Self.first)")
        let new = try link()
        #expect(try status(old) == 200 && status(new) == 200)
        try reload(secrets: Self.second)
        #expect(try status(old) == 404 && status(new) == 200)
    }

    @Test("keys are rotated under load without a wrong answer")
    func load() throws {
        let wrong = Mutex<[String]>([])
        let isOver = Mutex(false)
        let group = ThreadGroup()
        let links = try Mutex([link()])
        for _ in 0..<4 {
            group.start { [instance] in
                while !isOver.withLock({ $0 }) {
                    guard let url = links.withLock({ $0.randomElement() }) else { continue }
                    let answer = try? instance.anonymous.get(url)
                    if answer?.status != 200 { wrong.withLock { $0.append("\(answer?.text ?? "nothing") \(url)") } }
                }
            }
        }
        for _ in 0..<6 {
            try instance.mediad("link-key", "rotate")
            let url = try link()
            links.withLock { $0.append(url) }
        }
        isOver.withLock { $0 = true }
        group.wait()
        #expect(wrong.withLock { $0 } == [])
        #expect(Set(links.withLock { $0 }).count == 7)
    }

    @Test("where no secret is set links are switched off, and said so")
    func off() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_LINK_SECRET": ""])
        let client = try instance.client()
        let id = try client.upload(Samples.png("keys"), name: "a.png", user: "keys").id
        try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(#"{"expiresIn":60}"#)
        )
        .expectProblem(501, "links_switched_off")
        #expect(throws: TestFailure.self) { try instance.mediad("sign", id) }
    }
}
