import MediaCore
import MediaTesting
import Testing

/// How much one client may ask for, and whom nginx takes for that client.
@Suite(.serialized) struct RequestLimitTests {
    private static let uncounted = ["MEDIA_ADDRESS_RATE": "0", "MEDIA_KEY_RATE": "0", "MEDIA_ADDRESS_REQUESTS": "0"]

    private func instance(_ settings: [String: String]) throws -> ServiceInstance {
        try ServiceInstance(settings: Self.uncounted.merging(settings) { $1 })
    }

    private func statuses(_ count: Int, _ request: () throws -> HTTPResponse) throws -> [Int] {
        try (0..<count).map { _ in try request().status }
    }

    @Test("more requests from one address than its rate: 429, with when to try again; public files don't count")
    func address() throws {
        let proxied = ["MEDIA_TRUSTED_PROXIES": "127.0.0.1"]
        let instance = try instance(proxied.merging(["MEDIA_ADDRESS_RATE": "1", "MEDIA_RATE_BURST": "4"]) { $1 })
        let client = try instance.client()
        let url = try client.upload(Samples.text("limits"), name: "a.txt", user: "u", query: "isPublic=true").text(
            "url")
        func from(_ address: String, _ path: String = "/v1/media?limit=1") throws -> HTTPResponse {
            try client.get(path, headers: ["X-Forwarded-For": address])
        }
        let answers = try (0..<12).map { _ in try from("198.51.100.7") }
        #expect(answers.prefix(5).allSatisfy { $0.status == 200 })
        let refused = try #require(answers.last)
        refused.expectProblem(429, "too_many_requests")
        #expect(refused["Retry-After"] == "1")
        // A permalink counts too, and what nginx asks of itself doesn't count again.
        try from("198.51.100.7", "/m/c00000000000000000000000a").expectProblem(429)
        #expect(
            try statuses(5) { try from("198.51.100.8", "/m/c00000000000000000000000a") } == [404, 404, 404, 404, 404])
        #expect(try statuses(8) { try from("198.51.100.7", url) }.allSatisfy { $0 == 200 })
    }

    @Test("an upload counts once, however many steps nginx takes for it")
    func upload() throws {
        let instance = try instance([
            "MEDIA_ADDRESS_RATE": "1", "MEDIA_RATE_BURST": "4", "MEDIA_TRUSTED_PROXIES": "127.0.0.1",
        ])
        let client = try instance.client()
        func upload() throws -> HTTPResponse {
            let address = ["X-Forwarded-For": "198.51.100.9"]
            return try client.post("/v1/media?name=a.txt&userId=u", headers: address, .text("a text"))
        }
        #expect(try statuses(5, upload) == [201, 201, 201, 201, 201])
        #expect(try statuses(5, upload).suffix(2) == [429, 429])
    }

    @Test("each key and each token has a rate of its own, and who guesses at one doesn't use it up")
    func key() throws {
        let instance = try instance([
            "MEDIA_KEY_RATE": "1", "MEDIA_RATE_BURST": "3", "MEDIA_JWT_SECRET": TestIssuer.secret,
        ])
        let first = try instance.client()
        let second = try instance.client()
        var forger = instance.anonymous
        forger.key = (first.key?.dropLast(43)).map { $0 + String(repeating: "x", count: 43) }
        #expect(try statuses(8) { try forger.get("/v1/media") }.suffix(3) == [429, 429, 429])
        #expect(try statuses(4) { try first.get("/v1/media") } == [200, 200, 200, 200])
        try first.get("/v1/media").expectProblem(429, "too_many_requests")
        // What stands in a cookie makes no other caller of a key's.
        let disguised = try (0..<8).map { try first.get("/v1/media", headers: ["Cookie": "media_token=\($0)"]).status }
        #expect(disguised.count { $0 == 429 } > 3)
        #expect(try second.get("/v1/media").status == 200)
        let ann = ["Cookie": "media_token=\(try TestIssuer().token("ann"))"]
        let bob = ["Cookie": "media_token=\(try TestIssuer().token("bob"))"]
        let path = "/m/c00000000000000000000000a"
        #expect(try statuses(5) { try instance.anonymous.get(path, headers: ann) } == [404, 404, 404, 404, 429])
        #expect(try instance.anonymous.get(path, headers: bob).status == 404)
        // Nobody in particular isn't counted together.
        #expect(try statuses(8) { try instance.anonymous.get(path) }.allSatisfy { $0 == 404 })
    }

    @Test("requests at the same time")
    func atOnce() throws {
        let instance = try instance(["MEDIA_ADDRESS_REQUESTS": "2"])
        let client = try instance.client()
        let head =
            "POST /v1/media?name=a&userId=u HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
            + "Authorization: Bearer \(client.key ?? "")\r\n\r\nabc"
        let slow = try (0..<2).map { _ in
            let connection = try RawConnection(port: instance.port)
            try connection.send(head)
            return connection
        }
        #expect(try eventually { try client.get("/v1/media").status == 429 })
        try client.get("/v1/media").expectProblem(429, "too_many_requests")
        for connection in slow { try connection.send("defghi") }
        #expect(try eventually { try client.get("/v1/media").status == 200 })
    }

    @Test(
        "nobody chooses an address: without trusted proxies the field says nothing, with them only what they have added"
    )
    func spoofing() throws {
        for (proxies, field, address, status) in [
            ("", "X-Forwarded-For", "10.1.2.3", 403), ("127.0.0.0/8", "X-Forwarded-For", "10.1.2.3", 200),
            ("127.0.0.0/8,::1", "X-Forwarded-For", "10.1.2.3, 198.51.100.7", 403),
            ("127.0.0.0/8,192.0.2.0/24", "X-Forwarded-For", "10.1.2.3, 192.0.2.9", 200),
            ("127.0.0.0/8", "CF-Connecting-IP", "10.1.2.3", 200), ("192.0.2.0/24", "X-Forwarded-For", "10.1.2.3", 403),
        ] {
            let instance = try instance(["MEDIA_TRUSTED_PROXIES": proxies, "MEDIA_CLIENT_ADDRESS_FIELD": field])
            let client = try instance.client()
            let id = try client.upload(Samples.text("proxies"), name: "a.txt", user: "u").id
            let link = try client.post(
                "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"],
                .text(#"{"expiresIn":60,"network":"10.0.0.0/8"}"#))
            let answer = try instance.anonymous.get(link.json.text("url"), headers: [field: address])
            #expect(answer.status == status, "\(proxies) \(field) \(address): \(answer.text)")
            // What is meant for this host isn't given to who says they are it.
            if !proxies.isEmpty, !proxies.hasPrefix("192") {
                try instance.anonymous.get("/metrics", headers: [field: "198.51.100.7"]).expectProblem(403)
            }
        }
    }
}
