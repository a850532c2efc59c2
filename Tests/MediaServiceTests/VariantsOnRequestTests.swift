import Foundation
import MediaCore
import MediaTesting
import Testing

/// Pictures that are made because somebody asks for them.
struct VariantsOnRequestTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_IMAGE_FORMATS": "webp,jpeg",
                "MEDIA_IMAGE_PRESETS": "thumb=80x80:cover,large=600:later",
                "MEDIA_DECISION_CACHE": "5", "MEDIA_JOB_PAUSE": "1", "MEDIA_IMAGE_MAX_ORDERS": "2",
                "MEDIA_IMAGE_WAIT": "20s",
            ])
        client = try instance.client()
    }

    private func photo(_ query: String = "") throws -> JSON {
        let id = try client.upload(Pictures.bytes("plain.jpg"), name: "a.jpg", user: "u", query: query).id
        var media = JSON.null
        let isReady = try eventually(within: 60) {
            media = try client.get("/v1/media/\(id)").json
            return media.text("status") == "READY"
        }
        try #require(isReady, "\(media.text)")
        return media
    }

    private func names(_ media: JSON) -> Set<String> {
        Set((media["variants"]?.array ?? []).map { $0.text("name") })
    }

    private func query(_ body: String, _ media: JSON) throws -> String {
        let link = try client.json("POST", "/v1/media/\(media.id)/links", body).json
        return link.text("url").split(separator: "?").last.map(String.init) ?? ""
    }

    @Test("one of the settings is made when it is first asked for: once, however many ask, and then it is there")
    func later() async throws {
        try instance.startHousekeeper()
        let media = try photo("isPublic=true")
        #expect(names(media) == ["thumb"])
        let (instance, path) = (instance, "/m/\(media.id)/large")
        let answers = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
            for _ in 0..<3 { group.addTask { try instance.anonymous.get(path) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for answer in answers {
            #expect(answer.status == 200 && answer["Content-Type"] == "image/jpeg", "\(answer.text)")
            #expect(try Pictures.look(answer.body)["width"] == .integer(600))
        }
        let jobs = try instance.mediad("jobs", "list", "--json")
        #expect(jobs.components(separatedBy: #""priority":-50"#).count == 2, "\(jobs)")
        let now = try client.get("/v1/media/\(media.id)").json
        #expect(names(now) == ["thumb", "large"])
        // From now on nginx has it for everybody.
        let url = try #require(now["variants"]?.array?.first { $0.text("url").contains("large.webp") }?.text("url"))
        let file = try instance.anonymous.get(String(url.dropFirst(instance.baseURL.count)))
        #expect(file.status == 200 && file["Content-Type"] == "image/webp")
        #expect(try client.get("/m/\(media.id)/huge").status == 404)
        // Who wanted nothing made gets nothing.
        let bare = try client.upload(Pictures.bytes("plain.jpg"), name: "a.jpg", user: "u", query: "processing=none")
        #expect(try client.get("/m/\(bare.id)/large").status == 404)
    }

    @Test("any other size needs a link that says it, which opens nothing else")
    func signed() throws {
        try instance.startHousekeeper()
        let media = try photo()
        let path = "/m/\(media.id)"
        #expect(try client.get("\(path)/200x100:cover").status == 404)
        let form = try query(#"{"expiresIn":60,"variant":"200x100:cover"}"#, media)
        for _ in 0..<2 {
            let answer = try instance.anonymous.get("\(path)?\(form)", headers: ["Accept": "image/webp,*/*"])
            #expect(answer.status == 200 && answer["Content-Type"] == "image/webp", "\(answer.text)")
            #expect(answer.headers.contains { $0.name.lowercased() == "vary" && $0.value == "Accept" })
            #expect(try Pictures.look(answer.body)["height"] == .integer(100))
        }
        for other in ["\(path)/thumb?\(form)", "\(path)/x?\(form)"] {
            #expect(try instance.anonymous.get(other).status == 404, "\(other)")
        }
        for tampered in [
            form.replacing("200x100", with: "201x100"), form.replacing("&v=200x100%3Acover", with: ""),
            form.replacing("v=200x100%3Acover", with: "v=thumb"),
        ] {
            #expect(tampered != form)
            #expect(try instance.anonymous.get("\(path)?\(tampered)").status == 404, "\(tampered)")
        }
        let thumb = try query(#"{"expiresIn":60,"variant":"thumb.webp"}"#, media)
        #expect(try Pictures.look(instance.anonymous.get("\(path)?\(thumb)").body)["width"] == .integer(80))
        #expect(try instance.anonymous.get("\(path)/thumb.webp?\(thumb)").status == 200)
        #expect(try instance.anonymous.get("\(path)/thumb?\(thumb)").status == 404)
        // There is a limit on what one picture gets.
        #expect(
            try instance.anonymous.get("\(path)?\(query(#"{"expiresIn":60,"variant":"201"}"#, media))").status == 200)
        try instance.anonymous.get("\(path)?\(query(#"{"expiresIn":60,"variant":"202"}"#, media))").expectProblem(409)
        for (body, field) in [
            (#""variant":"../x""#, "variant"), (#""variant":"""#, "variant"), (#""variant":7"#, "variant"),
        ] {
            try client.json("POST", "/v1/media/\(media.id)/links", "{\"expiresIn\":60,\(body)}").expectProblem(
                400, field: field)
        }
        let listed = try client.get("/v1/media/\(media.id)/links").json["links"]?.array ?? []
        #expect(Set(listed.map { $0["variant"]?.string ?? "" }) == ["200x100:cover", "thumb.webp", "201", "202"])
        let revoked = try #require(listed.first { $0["variant"] == .string("thumb.webp") })
        _ = try client.delete("/v1/media/\(media.id)/links/\(revoked.text("id"))")
        #expect(eventually { (try? instance.anonymous.get("\(path)?\(thumb)").status) == 403 })
    }
}

/// Nobody makes them.
struct NoVariantsOnRequestTests {
    @Test("while nobody makes pictures, requests wait no longer than they may, and others are answered")
    func waits() throws {
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_IMAGE_PRESETS": "thumb=80x80:cover,large=600:later",
                "MEDIA_IMAGE_WAIT": "1s",
                "MEDIA_JOB_PAUSE": "1",
            ])
        let client = try instance.client()
        try instance.startHousekeeper()
        let id = try client.upload(Pictures.bytes("plain.jpg"), name: "a.jpg", user: "u").id
        #expect(try eventually(within: 60) { try client.get("/v1/media/\(id)").json.text("status") == "READY" })
        instance.housekeeper?.stop(SIGKILL)
        let answer = try client.get("/m/\(id)/large")
        answer.expectProblem(503)
        #expect(answer["Retry-After"] == "1")
        #expect(try client.get("/m/\(id)/thumb").status == 200)
        try instance.startHousekeeper()
        #expect(try eventually(within: 30) { try client.get("/m/\(id)/large").status == 200 })
    }
}
