import Foundation
import MediaCore
import MediaTesting
import Synchronization
import Testing

/// Signed links as their makers and their holders meet them.
struct LinkTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let holder: HTTPClient
    private let bytes = Samples.jpeg("links")
    private let id: String

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
        holder = instance.anonymous
        id = try client.upload(bytes, name: "Bild ä.jpg", user: "links").id
    }

    private func make(_ body: String, of id: String? = nil) throws -> JSON {
        let answer = try client.send(
            "POST", "/v1/media/\(id ?? self.id)/links", headers: ["Content-Type": "application/json"], .text(body))
        try #require(answer.status == 201, "\(answer.text)")
        return answer.json
    }

    @Test("whoever has the link gets the file, and nobody else")
    func works() throws {
        let link = try make(#"{"expiresIn":3600}"#)
        #expect(try holder.get("/m/\(id)").status == 404)
        let answer = try holder.get(link.text("url"))
        #expect(answer.status == 200 && answer.body == bytes)
        #expect(answer["Content-Type"] == "image/jpeg")
        #expect(answer["Content-Disposition"]?.hasPrefix("inline; ") == true)
        #expect(answer.all("Cache-Control") == ["private, no-cache"])
        #expect(try holder.get(link.text("url"), headers: ["Range": "bytes=0-9"]).status == 206)
        // It is a right to this file and not to its record.
        #expect(try holder.get("/v1/media/\(id)").status == 401)
    }

    @Test("nothing of a link can be changed")
    func tampering() throws {
        let first = try make(#"{"expiresIn":3600,"downloadName":"a.jpg","network":"127.0.0.0/8"}"#).text("url")
        #expect(try holder.get(first).status == 200)
        let other = try client.upload(Samples.jpeg("links 2"), name: "b.jpg", user: "links").id
        let expiry = try #require(first.firstMatch(of: /e=([0-9]+)/)?.1)
        let changed = [
            first.replacingOccurrences(of: id, with: other),
            first.replacingOccurrences(of: "e=\(expiry)", with: "e=\(expiry)0"),
            first.replacingOccurrences(of: "e=\(expiry)", with: "e=0\(expiry)"),
            first.replacingOccurrences(of: "d=a.jpg", with: "d=b.jpg"),
            first.replacingOccurrences(of: "&d=a.jpg", with: ""),
            first.replacingOccurrences(of: "127.0.0.0%2F8", with: "0.0.0.0%2F0"),
            first.replacingOccurrences(of: "&n=127.0.0.0%2F8", with: ""),
            first.replacingOccurrences(of: "&s=", with: "&u=1&s="),
            first + "&x=1", first + "&e=1", String(first.dropLast()), first + "A", first + "=",
            first.replacingOccurrences(of: "&s=", with: "&t="), String(first.prefix { $0 != "&" }),
        ]
        for url in changed {
            try #require(url != first)
            try holder.get(url).expectProblem(404, "not_found", "\(url)")
        }
        // Each character of the signature counts.
        let start = try #require(first.range(of: "&s=")).upperBound
        for index in first[start...].indices {
            var url = first
            url.replaceSubrange(index...index, with: first[index] == "A" ? "B" : "A")
            #expect(try holder.get(url).status == 404, "\(url)")
        }
    }

    @Test("a link ends")
    func expiry() throws {
        let url = try make(#"{"expiresIn":1}"#).text("url")
        #expect(try holder.get(url).status == 200)
        #expect(try eventually(within: 5) { try holder.get(url).status == 403 })
        try holder.get(url).expectProblem(403, "link_expired")
    }

    @Test("who asks for the same gets the same URL; who it is for and what it may make another one")
    func stable() throws {
        // Rounded to minutes, so two requests are in one window but for one try in a thousand.
        let body = #"{"expiresIn":3600}"#
        let url = try make(body).text("url")
        #expect(try eventually(within: 2) { try make(body).text("url") == make(body).text("url") })
        let others = try [#"{"expiresIn":3600,"subject":"anna"}"#, #"{"expiresIn":3600,"downloadName":"x.jpg"}"#].map {
            try make($0).text("url")
        }
        #expect(Set(others + [url]).count == 3)
        #expect(
            try make(#"{"expiresIn":60,"maxUses":2}"#).text("id") != make(#"{"expiresIn":60,"maxUses":2}"#).text("id"))
    }

    @Test("the name of a download is the link's")
    func name() throws {
        let url = try make(#"{"expiresIn":60,"downloadName":"Übung 1.jpg"}"#).text("url")
        let disposition = try #require(try holder.get(url)["Content-Disposition"])
        #expect(disposition == "attachment; filename=\"_bung 1.jpg\"; filename*=UTF-8''%C3%9Cbung%201.jpg")
    }

    @Test("a link for a network holds there only")
    func network() throws {
        let elsewhere = try make(#"{"expiresIn":60,"network":"192.0.2.0/24"}"#).text("url")
        try holder.get(elsewhere).expectProblem(403, "link_wrong_network")
        let here = try make(#"{"expiresIn":60,"network":"127.0.0.1"}"#).text("url")
        #expect(try holder.get(here.replacingOccurrences(of: "localhost", with: "127.0.0.1")).status == 200)
    }

    @Test("a counted link is used as often as it may be, however many try at once")
    func counted() throws {
        let url = try make(#"{"expiresIn":60,"maxUses":10}"#).text("url")
        for _ in 0..<3 { #expect(try holder.send("HEAD", url).status == 200) }
        let statuses = Mutex<[Int: Int]>([:])
        ThreadGroup.run(60) { [holder] _ in
            let status = (try? holder.get(url))?.status ?? 0
            statuses.withLock { $0[status, default: 0] += 1 }
        }
        #expect(statuses.withLock { $0 } == [200: 10, 403: 50])
        try holder.get(url).expectProblem(403, "link_used_up")
    }

    @Test("links are listed; one is revoked, then all of the file")
    func revocation() throws {
        let links = try (1...3).map { try make(#"{"expiresIn":600,"subject":"\#($0)"}"#) }
        let list = try client.get("/v1/media/\(id)/links")
        #expect(list.status == 200)
        let listed = list.json["links"]?.array ?? []
        #expect(Set(listed.map { $0.text("url") }) == Set(links.map { $0.text("url") }))
        #expect(listed.allSatisfy { $0.text("createdBy").hasPrefix("key:") && $0["maxUses"] == .null })
        for _ in 0..<2 { #expect(try client.delete("/v1/media/\(id)/links/\(links[0].id)").status == 204) }
        try holder.get(links[0].text("url")).expectProblem(403, "link_revoked")
        #expect(try holder.get(links[1].text("url")).status == 200)
        // Who asks for the revoked one again gets one that works.
        let again = try make(#"{"expiresIn":600,"subject":"1"}"#)
        #expect(again.id != links[0].id)
        #expect(try holder.get(again.text("url")).status == 200)
        #expect(try client.delete("/v1/media/\(id)/links").status == 204)
        for link in [links[1], links[2], again] { try holder.get(link.text("url")).expectProblem(403, "link_revoked") }
        #expect(try client.get("/v1/media/\(id)/links").json["links"]?.array == [])
        #expect(try holder.get(make(#"{"expiresIn":600,"subject":"2"}"#).text("url")).status == 200)
        #expect(try client.delete("/v1/media/\(id)/links/00000000000000000000").status == 404)
        let other = try client.upload(Samples.jpeg("links 3"), name: "b.jpg", user: "links").id
        #expect(try client.delete("/v1/media/\(other)/links/\(again.id)").status == 404)
    }

    @Test("a deleted file's links are gone with it; a public file needs none")
    func life() throws {
        let url = try make(#"{"expiresIn":600}"#).text("url")
        _ = try client.patch("/v1/media/\(id)", #"{"isPublic":true}"#)
        #expect(try holder.get(url).status == 200 && holder.get("/m/\(id)").status == 200)
        _ = try client.delete("/v1/media/\(id)")
        try holder.get(url).expectProblem(404, "not_found")
        try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(#"{"expiresIn":60}"#)
        )
        .expectProblem(404, "not_found")
    }

    @Test("a thousand links at once, each file's own answer")
    func many() throws {
        let other = try client.upload(Samples.jpeg("links 4"), name: "b.jpg", user: "links").id
        let ids = (0..<1000).map { [id, other, "c00000000000000000000000a", "x"][$0 % 4] }
        let items = ids.enumerated().map { #"{"mediaId":"\#($1)","expiresIn":600,"subject":"\#($0)"}"# }
        let answer = try client.post(
            "/v1/links", headers: ["Content-Type": "application/json"],
            .text(#"{"links":[\#(items.joined(separator: ","))]}"#))
        #expect(answer.status == 201)
        let links = answer.json["links"]?.array ?? []
        #expect(links.map { $0.text("mediaId") } == ids)
        #expect(links.filter { $0["error"]?["status"] == .integer(404) }.count == 500)
        #expect(Set(links.compactMap { $0["url"]?.string }).count == 500)
        #expect(try holder.get(links[0].text("url")).body == bytes)
        #expect(try holder.get(links[997].text("url")).body == Samples.jpeg("links 4"))
    }

    @Test("a thousand links of 2 KB each fit into one request")
    func large() throws {
        let name = String(repeating: "ü", count: 120)
        let items = (0..<1000).map { index -> String in
            let item = #"{"mediaId":"\#(id)","expiresIn":600,"subject":"\#(index)","downloadName":"\#(name)""#
            return item + String(repeating: " ", count: 2047 - item.utf8.count) + "}"
        }
        try #require(items.allSatisfy { $0.utf8.count == 2048 })
        let body = #"{"links":[\#(items.joined(separator: ","))]}"#
        let headers = ["Content-Type": "application/json"]
        let answer = try client.post("/v1/links", headers: headers, .text(body))
        #expect(answer.status == 201, "\(answer.text.prefix(500))")
        #expect(Set((answer.json["links"]?.array ?? []).map { $0.text("url") }).count == 1000)
        try client.post("/v1/links", headers: headers, .text(body + String(repeating: " ", count: 16384)))
            .expectProblem(413, "too_large")
    }

    @Test(
        "what is wrong with an order is said",
        arguments: [
            ("{}", "expiresIn"), (#"{"expiresIn":0}"#, "expiresIn"), (#"{"expiresIn":604801}"#, "expiresIn"),
            (#"{"expiresIn":"60"}"#, "expiresIn"), (#"{"expiresIn":60,"maxUses":0}"#, "maxUses"),
            (#"{"expiresIn":60,"network":"here"}"#, "network"),
            (#"{"expiresIn":60,"network":"10.0.0.1/8"}"#, "network"),
            (#"{"expiresIn":60,"downloadName":"a/b"}"#, "downloadName"),
            (#"{"expiresIn":60,"downloadName":"a\r\nSet-Cookie: x"}"#, "downloadName"),
            (#"{"expiresIn":60,"variant":1}"#, "variant"), (#"{"expiresIn":60,"subject":7}"#, "subject"),
        ])
    func wrong(body: String, field: String) throws {
        try client.post("/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(body))
            .expectProblem(400, "invalid_request", field: field)
    }

    @Test("a key without the scope makes, sees and revokes none")
    func scope() throws {
        var client = instance.anonymous
        client.key = try instance.key("media:read", "media:write", "media:delete")
        let body = HTTPClient.Body.text(#"{"expiresIn":60}"#)
        try client.post("/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], body).expectProblem(
            403, "forbidden")
        try client.post("/v1/links", headers: ["Content-Type": "application/json"], body).expectProblem(
            403, "forbidden")
        try client.get("/v1/media/\(id)/links").expectProblem(403, "forbidden")
        try client.delete("/v1/media/\(id)/links").expectProblem(403, "forbidden")
        try instance.anonymous.get("/v1/media/\(id)/links").expectProblem(401, "unauthenticated")
    }
}
