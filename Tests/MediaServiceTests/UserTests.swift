import Crypto
import Foundation
import MediaCore
import MediaTesting
import Testing

/// Users, by the tokens that the platform gives them.
@Suite(.serialized) struct UserTests {
    private static let shared = Result {
        let instance = try ServiceInstance(settings: ["MEDIA_JWT_SECRET": TestIssuer.secret])
        return (instance, try instance.client())
    }

    private let instance: ServiceInstance
    private let service: HTTPClient
    private let issuer = TestIssuer()

    init() throws {
        (instance, service) = try Self.shared.get()
    }

    private func user(_ id: String, _ roles: [String] = ["STUDENT"], _ entities: [String] = []) throws -> HTTPClient {
        var client = instance.anonymous
        client.key = try issuer.token(id, roles: roles, entities: entities)
        return client
    }

    private func file(of user: String, _ query: String = "") throws -> String {
        try service.upload(Samples.text("\(user) \(query)"), name: "a.txt", user: user, query: query).id
    }

    @Test("an upload is the user's own, and nobody else's")
    func upload() throws {
        let ann = try user("ann")
        let own = try ann.post("/v1/media?name=a.txt", headers: ["Content-Type": "text/plain"], .text("ann's"))
        try #require(own.status == 201, "\(own.text)")
        #expect(own.json.text("userId") == "ann")
        let form = try ann.post("/v1/media", .form([.file("file", name: "b.txt", type: nil, Samples.text("form"))]))
        #expect(form.status == 201 && form.json.text("userId") == "ann")
        try ann.post("/v1/media?name=a.txt&userId=bob", headers: ["Content-Type": "text/plain"], .text("x"))
            .expectProblem(403, "forbidden")
        let attached = "/v1/media?name=a.txt&entityType=course&entityId=c1"
        try ann.post(attached, headers: ["Content-Type": "text/plain"], .text("x")).expectProblem(403, "forbidden")
        try user("ann", ["STUDENT"], ["course:c1"])
            .post(attached, headers: ["Content-Type": "text/plain"], .text("x")).expectProblem(403, "forbidden")
        let teacher = try user("tom", ["INSTRUCTOR"], ["course:c1"])
        let taught = try teacher.post(attached, headers: ["Content-Type": "text/plain"], .text("a text"))
        #expect(taught.status == 201, "\(taught.text)")
    }

    @Test("what each of several people may do with a private file")
    func rights() throws {
        let id = try file(of: "olga", "entityType=lesson&entityId=l1")
        let people: [(HTTPClient, String, read: Int, change: Int)] = [
            (try user("olga"), "owner", 200, 200),
            (try user("root", ["ADMIN"]), "administrator", 200, 200),
            (try user("eve", ["STUDENT"], ["lesson:l1"]), "enrolled", 200, 403),
            (try user("ian", ["INSTRUCTOR"], ["lesson:l1"]), "instructor", 200, 403),
            (try user("mia", ["STUDENT"], ["lesson:l2", "course:l1"]), "not enrolled", 404, 404),
            (try user("max", ["INSTRUCTOR"]), "another instructor", 404, 404),
            (try user("olg"), "nearly the owner", 404, 404),
        ]
        for (client, name, read, change) in people {
            #expect(try client.get("/v1/media/\(id)").status == read, "\(name)")
            #expect(try client.get("/m/\(id)").status == read, "\(name)")
            #expect(try client.patch("/v1/media/\(id)", #"{"title":"\#(name)"}"#).status == change, "\(name)")
            let link = try client.post(
                "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"], .text(#"{"expiresIn":60}"#))
            #expect(link.status == (change == 200 ? 201 : change), "\(name)")
            if change != 200 { #expect(try client.delete("/v1/media/\(id)").status == change, "\(name)") }
        }
        try user("olga").send("DELETE", "/v1/media/\(id)?hard=true").expectProblem(403, "forbidden")
        #expect(try user("olga").delete("/v1/media/\(id)?force=true").status == 200)
        try user("eve", ["STUDENT"], ["lesson:l1"]).get("/m/\(id)").expectProblem(404)
        #expect(try user("olga").post("/v1/media/\(id)/restore", .none).status == 200)
        #expect(try user("root", ["ADMIN"]).delete("/v1/media/\(id)?hard=true&force=true").status == 200)
        try user("root", ["ADMIN"]).get("/v1/media/\(id)").expectProblem(404)
    }

    @Test("lists hold what a user may know of")
    func lists() throws {
        let own = try file(of: "lea", "entityType=course&entityId=lists")
        let lea = try user("lea")
        #expect(try lea.get("/v1/users/lea/media").json.ids == [own])
        #expect(try lea.get("/v1/media?userId=lea").json.ids == [own])
        for path in ["/v1/media", "/v1/users/ann/media", "/v1/entities/course/lists/media", "/v1/media?name=a"] {
            try lea.get(path).expectProblem(403, "forbidden", "\(path)")
        }
        let enrolled = try user("ned", ["STUDENT"], ["course:lists"])
        #expect(try enrolled.get("/v1/entities/course/lists/media").json.ids == [own])
        for status in ["DELETED", "FAILED", "PROCESSING"] {
            let others = try enrolled.get("/v1/entities/course/lists/media?status=\(status)")
            #expect(others.status == 200 && others.json.ids == [] && others.json["total"] == .integer(0))
        }
        #expect(try user("root", ["ADMIN"]).get("/v1/media?limit=1").status == 200)
    }

    @Test("a cookie is enough for a download, and for nothing else")
    func cookie() throws {
        let id = try file(of: "cora")
        let token = try issuer.token("cora")
        let cookie = ["Cookie": "theme=dark; media_token=\(token)"]
        #expect(try instance.anonymous.get("/m/\(id)", headers: cookie).status == 200)
        try instance.anonymous.get("/v1/media/\(id)", headers: cookie).expectProblem(401, "unauthenticated")
        try instance.anonymous.send("DELETE", "/v1/media/\(id)", headers: cookie).expectProblem(401)
        try instance.anonymous.post("/v1/media?name=a.txt", headers: cookie, .text("x")).expectProblem(401)
        let other = ["Cookie": "media_token=\(try issuer.token("carl"))"]
        try instance.anonymous.get("/m/\(id)", headers: other).expectProblem(404, "not_found")
        // A key is a service's, and no browser has one.
        let key = try #require(service.key)
        try instance.anonymous.get("/m/\(id)", headers: ["Cookie": "media_token=\(key)"]).expectProblem(401)
        // One that has ended says so, but keeps nobody from a public file.
        let ended = ["Cookie": "media_token=\(try issuer.token(claims: #"{"sub":"cora","exp":1}"#))"]
        let answer = try instance.anonymous.get("/m/\(id)", headers: ended)
        answer.expectProblem(401, "unauthenticated")
        #expect(answer.json.text("detail").contains("expired"))
        let published = try file(of: "cora", "isPublic=true")
        #expect(try instance.anonymous.get("/m/\(published)", headers: ended).status == 200)
    }

    @Test("tokens that aren't good get 401 and are counted")
    func refused() throws {
        let id = try file(of: "dora")
        let forger = TestIssuer(key: .secret(String(repeating: "f", count: 32)))
        let tokens = [
            try forger.token("dora"), try issuer.token(claims: #"{"sub":"dora","exp":1}"#),
            try issuer.token(claims: #"{"sub":"dora","nbf":99999999999}"#),
            try issuer.token(claims: #"{"sub":"dora"}"#, header: #"{"alg":"none"}"#),
            try issuer.token(claims: #"{"sub":"dora","aud":"another"}"#),
            String(try issuer.token("dora").dropLast()), try issuer.token("dora") + "A",
        ]
        let before = try count("media_access_refused_total")
        for token in tokens {
            var client = instance.anonymous
            client.key = token
            for path in ["/v1/media/\(id)", "/m/\(id)"] {
                let answer = try client.get(path)
                answer.expectProblem(401, "unauthenticated")
                #expect(answer["WWW-Authenticate"]?.hasPrefix("Bearer ") == true)
            }
            try client.post("/v1/media?name=a.txt", .text("x")).expectProblem(401, "unauthenticated")
        }
        #expect(try count("media_access_refused_total") == before + 3 * tokens.count)
        #expect(try user("dora").get("/v1/media/\(id)").status == 200)
    }

    private func count(_ name: String) throws -> Int {
        let line = try instance.anonymous.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
    }

    @Test("a secret is changed by a reload, and the old one's tokens hold until it goes")
    func rotation() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_JWT_SECRET": TestIssuer.secret])
        let id = try instance.client().upload(Samples.text("rotation"), name: "a.txt", user: "rita").id
        let new = String(repeating: "n", count: 32)
        func status(_ secret: String) throws -> Int {
            var client = instance.anonymous
            client.key = try TestIssuer(key: .secret(secret)).token("rita")
            return try client.get("/m/\(id)").status
        }
        #expect(try status(TestIssuer.secret) == 200 && status(new) == 401)
        try instance.change(settings: ["MEDIA_JWT_SECRET": "\(new),\(TestIssuer.secret)"])
        instance.supervisor?.send(SIGHUP)
        #expect(try eventually(within: 10) { try status(new) == 200 })
        #expect(try status(TestIssuer.secret) == 200)
        try instance.change(settings: ["MEDIA_JWT_SECRET": new])
        instance.supervisor?.send(SIGHUP)
        #expect(try eventually(within: 10) { try status(TestIssuer.secret) == 401 })
        // A worker from before both reloads may still be finishing.
        #expect(try eventually(within: 10) { try status(new) == 200 })
    }
}
