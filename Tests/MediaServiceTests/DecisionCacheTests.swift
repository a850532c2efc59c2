import Foundation
import MediaCore
import MediaTesting
import Testing

/// Decisions that nginx reuses: never those of another caller, file or link, and never beyond their time.
@Suite(.serialized) struct DecisionCacheTests {
    private static let shared = Result {
        let instance = try ServiceInstance(settings: ["MEDIA_DECISION_CACHE": "60"])
        return (instance, try instance.client())
    }

    private let instance: ServiceInstance
    private let client: HTTPClient
    private let holder: HTTPClient

    init() throws {
        (instance, client) = try Self.shared.get()
        holder = instance.anonymous
    }

    private func upload(_ name: String, _ query: String = "") throws -> String {
        try client.upload(Samples.mp4(name, size: 5000), name: "Vidéo \(name).mp4", user: "cache", query: query).id
    }

    private func link(_ id: String, _ body: String = #"{"expiresIn":600}"#) throws -> String {
        let answer = try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(body))
        try #require(answer.status == 201, "\(answer.text)")
        return answer.json.text("url")
    }

    /// How many decisions the workers made.
    private func decisions(_ instance: ServiceInstance? = nil) throws -> Int {
        let line = try (instance ?? self.instance).anonymous.get("/metrics").text.split(separator: "\n").filter {
            $0.hasPrefix("media_http_requests_total{route=\"decide_download\"")
        }
        return line.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    @Test("a file goes out as without the cache, from one decision")
    func reuse() throws {
        let id = try upload("reuse")
        let before = try decisions()
        let answers = try (0..<20).map { _ in try client.get("/m/\(id)") }
        for answer in answers {
            #expect(answer.status == 200 && answer.body == Samples.mp4("reuse", size: 5000))
            #expect(answer.all("Content-Type") == ["video/mp4"] && answer.all("Accept-Ranges") == ["bytes"])
            #expect(answer.all("X-Content-Type-Options") == ["nosniff"])
            #expect(answer.all("Content-Security-Policy") == ["sandbox; default-src 'none'"])
            #expect(answer.all("Cache-Control") == ["private, no-cache"])
            #expect(answer["Content-Disposition"]?.hasSuffix("filename*=UTF-8''Vid%C3%A9o%20reuse.mp4") == true)
            #expect(answer["X-Media-File"] == nil && answer["X-Accel-Redirect"] == nil)
        }
        #expect(try decisions() == before + 1)
        let head = try client.send("HEAD", "/m/\(id)")
        #expect(head.status == 200 && head.body.isEmpty && head["Content-Length"] == "5000")
        let part = try client.get("/m/\(id)", headers: ["Range": "bytes=-10"])
        #expect(part.status == 206 && part.body == Samples.mp4("reuse", size: 5000).suffix(10))
        #expect(try client.get("/m/\(id)", headers: ["Range": "bytes=0-0,10-11"]).status == 206)
        #expect(try client.get("/m/\(id)", headers: ["Range": "bytes=5000-"]).status == 416)
        let tag = try #require(head["ETag"])
        #expect(try client.get("/m/\(id)", headers: ["If-None-Match": tag]).status == 304)
        #expect(try decisions() == before + 1)
        try client.post("/m/\(id)", .text("x")).expectProblem(405, "method_not_allowed")
    }

    @Test("another file, caller or link is another decision")
    func key() throws {
        let first = try upload("key 1")
        let second = try upload("key 2")
        let url = try link(first)
        #expect(try client.get("/m/\(first)").status == 200)
        #expect(try holder.get(url).status == 200)
        try holder.get("/m/\(first)").expectProblem(404, "not_found")
        try holder.get("/m/\(second)").expectProblem(404, "not_found")
        try holder.get(url.replacingOccurrences(of: first, with: second)).expectProblem(404, "not_found")
        var stranger = holder
        stranger.key = try instance.key("media:write")
        try stranger.get("/m/\(first)").expectProblem(403, "forbidden")
        #expect(try holder.get(url + "&").status == 200)
        try holder.get(url + "A").expectProblem(404, "not_found")
        #expect(try client.get("/m/\(second)").body == Samples.mp4("key 2", size: 5000))
        // Nor does a refusal stick.
        try holder.get("/m/\(second)").expectProblem(404, "not_found")
        _ = try client.patch("/v1/media/\(second)", #"{"isPublic":true}"#)
        #expect(try holder.get("/m/\(second)").status == 200)
    }

    @Test("each user has decisions of their own, by header and by cookie, and none beyond their token's life")
    func users() throws {
        let instance = try ServiceInstance(settings: [
            "MEDIA_DECISION_CACHE": "60", "MEDIA_JWT_SECRET": TestIssuer.secret,
        ])
        let service = try instance.client()
        let id = try service.upload(
            Samples.mp4("users", size: 5000), name: "a.mp4", user: "olga", query: "entityType=course&entityId=c1"
        ).id
        let issuer = TestIssuer()
        let enrolled = try issuer.token("ned", entities: ["course:c1"])
        let stranger = try issuer.token("mia", entities: ["course:c2"])
        func status(_ headers: [String: String]) throws -> Int {
            try instance.anonymous.get("/m/\(id)", headers: headers).status
        }
        for _ in 0..<3 {
            #expect(try status(["Authorization": "Bearer \(enrolled)"]) == 200)
            #expect(try status(["Authorization": "Bearer \(stranger)"]) == 404)
            #expect(try status(["Cookie": "media_token=\(enrolled)"]) == 200)
            #expect(try status(["Cookie": "media_token=\(stranger)"]) == 404)
            #expect(try status(["Cookie": "other=\(enrolled)"]) == 404)
            #expect(try status([:]) == 404)
            // A header speaks before a cookie, also where the cookie's decision is known.
            #expect(try status(["Authorization": "Bearer \(stranger)", "Cookie": "media_token=\(enrolled)"]) == 404)
        }
        // Without the leeway that the issuer's clock gets, so that nothing is reused that may have ended.
        let end = Int(Date().timeIntervalSince1970) + 2
        let short = try issuer.token(claims: #"{"sub":"olga","exp":\#(end)}"#)
        let before = try decisions(instance)
        #expect(try status(["Authorization": "Bearer \(short)"]) == 200)
        Thread.sleep(forTimeInterval: 2.5)
        #expect(try status(["Authorization": "Bearer \(short)"]) == 200, "within the leeway")
        #expect(try decisions(instance) == before + 2)
    }

    @Test("links that look at more than their URL are decided each time")
    func uncached() throws {
        let id = try upload("uncached")
        let counted = try link(id, #"{"expiresIn":600,"maxUses":3}"#)
        #expect(try (0..<5).map { _ in try holder.get(counted).status } == [200, 200, 200, 403, 403])
        try holder.get(counted).expectProblem(403, "link_used_up")
        let bound = try link(id, #"{"expiresIn":600,"network":"127.0.0.1"}"#)
            .replacingOccurrences(of: "localhost", with: "127.0.0.1")
        let before = try decisions()
        for _ in 0..<3 { #expect(try holder.get(bound).status == 200) }
        #expect(try decisions() == before + 3)
    }

    @Test("a counted link is as good as its number, also where its answer's fields are as long as they can be")
    func longNames() throws {
        let id = try upload("long names")
        let name = String(repeating: "\u{8B1B}", count: 251) + ".mp4"
        let counted = try link(id, #"{"expiresIn":600,"maxUses":3,"downloadName":"\#(name)"}"#)
        #expect(try (0..<5).map { _ in try holder.get(counted).status } == [200, 200, 200, 403, 403])
        let plain = try link(id, #"{"expiresIn":600,"downloadName":"\#(name)"}"#)
        let before = try decisions()
        for _ in 0..<5 { #expect(try holder.get(plain).status == 200) }
        #expect(try decisions() == before + 1)
        let list = try client.get(
            "/v1/media?limit=1&page=1&userId=cache&name=" + String(repeating: "%D0%96", count: 255).prefix(1530))
        #expect(list.status == 200)
    }

    @Test("the longest token is decided on once, too")
    func longToken() throws {
        let instance = try ServiceInstance(settings: [
            "MEDIA_DECISION_CACHE": "60", "MEDIA_JWT_SECRET": TestIssuer.secret,
        ])
        let id = try instance.client().upload(Samples.text("long token"), name: "a.txt", user: "olga").id
        let entities = (0..<215).map { "\"course:\($0)-of-a-long-name\"" }.joined(separator: ",")
        var olga = instance.anonymous
        olga.key = try TestIssuer().token(claims: #"{"sub":"olga","entities":[\#(entities)]}"#)
        try #require((olga.key?.utf8.count ?? 0) > 7000)
        let before = try decisions(instance)
        for _ in 0..<10 { #expect(try olga.get("/m/\(id)").status == 200) }
        #expect(try decisions(instance) == before + 1)
        #expect(
            !instance.folders.log("nginx.log").contains("[crit]")
                && !instance.folders.log("nginx.log").contains("[error]"))
    }

    @Test("a file that is gone for good isn't there, though a decision still names it")
    func gone() throws {
        let id = try upload("gone")
        #expect(try client.get("/m/\(id)").status == 200)
        #expect(try client.delete("/v1/media/\(id)?hard=true").status == 200)
        try client.get("/m/\(id)").expectProblem(404, "not_found")
        let page = try client.get("/m/\(id)", headers: ["Accept": "text/html"])
        #expect(page.status == 404 && page["Content-Type"]?.hasPrefix("text/html") == true)
    }

    @Test("no decision outlives its link")
    func life() throws {
        let id = try upload("life")
        let url = try link(id, #"{"expiresIn":2}"#)
        #expect(try holder.get(url).status == 200)
        #expect(try eventually(within: 6) { try holder.get(url).status == 403 })
    }

    @Test("without MariaDB what is decided still goes out, all else is 503")
    func outage() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(settings: ["MEDIA_DECISION_CACHE": "60"], mariaDB: server)
        let client = try instance.client()
        let known = try client.upload(Samples.text("known"), name: "a.txt", user: "u").id
        let unknown = try client.upload(Samples.text("unknown"), name: "a.txt", user: "u").id
        #expect(try client.get("/m/\(known)").status == 200)
        server.stop()
        let answer = try client.get("/m/\(known)")
        #expect(answer.status == 200 && answer.body == Samples.text("known"))
        #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        try client.get("/m/\(unknown)").expectProblem(503, "unavailable")
        try server.start()
        #expect(try eventually(within: 10) { try client.get("/m/\(unknown)").status == 200 })
    }

    @Test("nobody reaches the locations behind it")
    func hidden() throws {
        let id = try upload("hidden")
        let sha256 = try client.get("/v1/media/\(id)").json.text("sha256")
        let object = "\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)"
        for path in ["/_decision", "/_decision/\(id)", "/_file/\(object)", "/_file/\(object).mp4", "/_none"] {
            try client.get(path).expectProblem(404, "not_found", "\(path)")
        }
    }
}
