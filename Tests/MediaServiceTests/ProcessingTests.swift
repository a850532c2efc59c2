import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// What is made of files behind requests, and how it is delivered.
struct ProcessingTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_IMAGE_FORMATS": "avif,webp,jpeg", "MEDIA_DECISION_CACHE": "5",
                "MEDIA_PROCESSING_PROFILES": "small=small", "MEDIA_IMAGE_PRESETS": "thumb=80x80:cover,small=320",
                "MEDIA_RETENTION": "0", "MEDIA_HOUSEKEEPING_INTERVAL": "1", "MEDIA_JOB_PAUSE": "1",
            ])
        client = try instance.client()
    }

    private func settled(_ id: String) throws -> JSON {
        var media = JSON.null
        let isSettled = try eventually(within: 60) {
            media = try client.get("/v1/media/\(id)").json
            return media.text("status") != "PROCESSING"
        }
        try #require(isSettled, "\(media.text) \(instance.folders.log("work.log").suffix(2000))")
        return media
    }

    private func variants(_ media: JSON) -> [String] {
        (media["variants"]?.array ?? []).map {
            $0.text("url").split(separator: "/").last?.split(separator: "?").first.map(String.init) ?? ""
        }
    }

    private func path(_ url: String) -> String { String(url.dropFirst(instance.baseURL.count)) }

    @Test("a photo is READY once its smaller ones are there: private and public, by name and by what the client takes")
    func photo() throws {
        let bytes = try Pictures.bytes("turned-6.jpg")
        let uploaded = try client.upload(bytes, name: "holiday.jpg", user: "u", query: "isPublic=true")
        #expect(uploaded.text("status") == "PROCESSING" && uploaded["variants"] == .array([]))
        #expect(uploaded.text("url").contains("/m/"))
        try client.get("/m/\(uploaded.id)").expectProblem(409)
        try instance.startHousekeeper()
        let media = try settled(uploaded.id)
        #expect(media.text("status") == "READY", "\(media.text)")
        #expect(media["details"]?["width"] == .integer(800) && media["details"]?["make"] == .string("Phone & Co"))
        #expect(media["details"]?["thumbHash"]?.string?.isEmpty == false)
        #expect(
            variants(media).sorted() == [
                "small.avif", "small.jpg", "small.webp", "thumb.avif", "thumb.jpg", "thumb.webp",
            ])
        // Public: nginx alone; the picture that everybody gets tells nothing of its maker.
        let all = try #require(media["variants"]?.array)
        for variant in all {
            let file = try instance.anonymous.get(path(variant.text("url")))
            #expect(file.status == 200 && file["Content-Type"] == variant.text("type"), "\(variant.text)")
            #expect(Int64(file.body.count) == variant["size"]?.integer)
            #expect(file["Cache-Control"] == "public, max-age=86400")
        }
        let whole = try instance.anonymous.get(path(media.text("url")))
        #expect(whole.status == 200 && whole.body != bytes)
        #expect(try Pictures.look(whole.body)["private"] == .bool(false))
        #expect(try instance.anonymous.get("/m/\(media.id)").body == whole.body)
        // Private: by rights, and the owner's side has the original.
        _ = try client.patch("/v1/media/\(media.id)", #"{"isPublic":false}"#)
        #expect(try client.get("/m/\(media.id)").body == bytes)
        try instance.anonymous.get(path(all[0].text("url"))).expectProblem(404)
        try instance.anonymous.get("/m/\(media.id)/thumb").expectProblem(404)
        for (accept, type) in [
            ("image/avif,image/webp,*/*", "image/avif"), ("image/webp,image/avif", "image/avif"),
            ("image/webp,*/*", "image/webp"), ("*/*", "image/jpeg"), ("", "image/jpeg"),
        ] {
            for _ in 0..<2 {
                let file = try client.get("/m/\(media.id)/thumb", headers: ["Accept": accept])
                #expect(file.status == 200 && file["Content-Type"] == type, "\(accept) \(file["Content-Type"] ?? "")")
                #expect(file.headers.contains { $0.name.lowercased() == "vary" && $0.value == "Accept" })
                #expect(file["Content-Disposition"]?.contains("holiday-thumb.") == true)
            }
        }
        #expect(try client.get("/m/\(media.id)/small.webp")["Content-Type"] == "image/webp")
        #expect(try client.get("/m/\(media.id)/small.webp", headers: ["Range": "bytes=0-3"]).body == Array("RIFF".utf8))
        for name in ["none", "thumb.gif", "clean.jpg", "clean", "thumb.jpg.jpg", "..", "%2e%2e"] {
            #expect(try client.get("/m/\(media.id)/\(name)").status == 404, "\(name)")
        }
        // A link of the file is good for what was made of it.
        let link = try client.json("POST", "/v1/media/\(media.id)/links", #"{"expiresIn":60}"#).json.text("url")
        let query = link.split(separator: "?").last.map(String.init) ?? ""
        #expect(try instance.anonymous.get("/m/\(media.id)/thumb?\(query)").status == 200)
        #expect(try Pictures.look(instance.anonymous.get("/m/\(media.id)?\(query)").body)["private"] == .bool(false))
        // The platform's message for it.
        func thumbnail(_ data: String) throws -> JSON {
            try client.json("POST", "/v1/rpc", #"{"pattern":"generate_thumbnail","data":\#(data),"id":"1"}"#).json
        }
        #expect(try thumbnail(#"{"id":"\#(media.id)"}"#)["response"]?["name"] == .string("thumb"))
        let large = try thumbnail(#"{"id":"\#(media.id)","width":200,"height":100}"#)
        #expect(large["response"]?.text("url").hasSuffix("/m/\(media.id)/small.jpg") == true, "\(large.text)")
        #expect(try thumbnail(#"{"id":"\#(media.id)","width":0}"#)["err"] != nil)
        // All of it goes with the record.
        #expect(try client.delete("/v1/media/\(media.id)?hard=true").status == 200)
        #expect(eventually { instance.folders.files("objects").isEmpty })
        let report = try instance.mediad("reconcile", "--json")
        #expect(!report.contains("kind"), "\(report)")
    }

    @Test("who follows the making sees how far it is, also as an event; and its end")
    func progress() throws {
        let media = try client.upload(Pictures.bytes("plain.jpg"), name: "a.jpg", user: "u")
        let waiting = try client.get("/v1/media/\(media.id)/processing").json
        #expect(waiting.text("state") == "WAITING" && waiting["percent"] == .integer(0), "\(waiting.text)")
        let event = try client.get("/v1/media/\(media.id)/processing", headers: ["Accept": "text/event-stream"])
        #expect(event["Content-Type"] == "text/event-stream" && event.text.contains("event: processing\ndata: {"))
        try instance.startHousekeeper()
        _ = try settled(media.id)
        let headers = ["Accept": "text/event-stream"]
        #expect(
            eventually {
                (try? client.get("/v1/media/\(media.id)/processing", headers: headers).text.contains("id: end\n"))
                    == true
            })
        let ended = try client.get(
            "/v1/media/\(media.id)/processing", headers: headers.merging(["Last-Event-ID": "end"]) { $1 })
        #expect(ended.status == 204)
        let done = try client.get("/v1/media/\(media.id)/processing").json
        #expect(done.text("state") == "DONE" && done["percent"] == .integer(100))
        try instance.anonymous.get("/v1/media/\(media.id)/processing").expectProblem(401)
    }

    @Test("an upload says what is to be made of it; it can be made anew, and with another file")
    func choices() throws {
        try instance.startHousekeeper()
        let bytes = try Pictures.bytes("plain.jpg")
        let none = try client.upload(bytes, name: "a.jpg", user: "u", query: "processing=none")
        #expect(none.text("status") == "READY" && none["variants"] == .array([]))
        let small = try settled(client.upload(bytes, name: "b.jpg", user: "u", query: "processing=small").id)
        #expect(variants(small).sorted() == ["small.avif", "small.jpg", "small.webp"])
        // What shows nothing is given to all as it is.
        #expect(try client.get("/m/\(small.id)").body == bytes)
        try client.post("/v1/media?name=c.jpg&userId=u&processing=huge", .bytes(bytes))
            .expectProblem(400, field: "processing", reason: "there is no profile 'huge'; known: none, default, small")
        let again = try client.json("POST", "/v1/media/\(small.id)/processing", #"{"processing":"default"}"#)
        #expect(again.status == 202, "\(again.text)")
        #expect(try eventually(within: 30) { try variants(client.get("/v1/media/\(small.id)").json).count == 6 })
        #expect(try client.json("POST", "/v1/media/\(none.id)/processing", "{}").status == 202)
        #expect(try eventually(within: 30) { try variants(client.get("/v1/media/\(none.id)").json).count == 6 })
        // A size of one's own: made once, kept when the others are made anew, and never too many.
        func order(_ form: String) throws -> HTTPResponse {
            try client.json("POST", "/v1/media/\(none.id)/variants", #"{"preset":"\#(form)"}"#)
        }
        let ordered = try order("100x50:cover")
        #expect(ordered.status == 202 && ordered.json["variants"] == .array([]), "\(ordered.text)")
        let name = ordered.json.text("name")
        #expect(try eventually(within: 30) { try order("100x50:centre:cover").status == 200 })
        let made = try Pictures.look(client.get("/m/\(none.id)/\(name)").body)
        #expect(made["width"] == .integer(100) && made["height"] == .integer(50), "\(made.text)")
        try order("100x").expectProblem(400, field: "preset")
        try order("9999").expectProblem(400, field: "preset")
        #expect(try variants(client.get("/v1/media/\(none.id)").json).count == 9)
        // Many at once, after the presets have changed.
        try instance.change(settings: ["MEDIA_IMAGE_PRESETS": "thumb=80x80:cover,small=320,tiny=16"])
        instance.housekeeper?.stop(SIGTERM)
        try instance.startHousekeeper()
        #expect(try eventually { try instance.mediad("variants", "rebuild", "--dry-run").hasPrefix("2 records") })
        #expect(try instance.mediad("variants", "rebuild", "--type", "image").hasPrefix("2 jobs"))
        #expect(try eventually(within: 30) { try variants(client.get("/v1/media/\(none.id)").json).count == 12 })
        #expect(try instance.mediad("variants", "rebuild", "--user", "nobody").hasPrefix("0 jobs"))
        let text = try client.upload(Samples.text(), name: "a.txt", user: "u")
        try client.json("POST", "/v1/media/\(text.id)/processing", "{}").expectProblem(409)
        // Another file has others; those of before are gone.
        let before = try client.get("/m/\(small.id)/small.jpg").body
        let replaced = try client.send(
            "PUT", "/v1/media/\(small.id)/file?name=d.png", .bytes(Pictures.bytes("clear.png")))
        #expect(
            replaced.json.text("status") == "PROCESSING" && replaced.json["variants"] == .array([]), "\(replaced.text)")
        let new = try settled(small.id)
        #expect(variants(new).contains("small.png") && !variants(new).contains("small.jpg"))
        #expect(try client.get("/m/\(small.id)/small").body != before)
        #expect(try instance.mediad("reconcile", "--json").contains("kind") == false)
    }

    @Test("a document whose processing comes to nothing can be had as it is; a picture can't")
    func givenUp() throws {
        let document = try client.upload(Samples.pdf("given up"), name: "a.pdf", user: "u")
        let picture = try client.upload(Pictures.bytes("plain.jpg"), name: "a.jpg", user: "u")
        let jobs = try instance.connection().query("SELECT id FROM jobs") { (row) throws(MariaDBError) in
            try row.text(0)
        }
        #expect(jobs.count == 2)
        for job in jobs { try instance.mediad("jobs", "cancel", job) }
        let ready = try client.get("/v1/media/\(document.id)").json
        #expect(
            ready.text("status") == "READY" && ready["details"]?["problem"] == .string("It was cancelled."),
            "\(ready.text)")
        #expect(try client.get("/m/\(document.id)").body == Samples.pdf("given up"))
        let failed = try client.get("/v1/media/\(picture.id)").json
        #expect(failed.text("status") == "FAILED" && failed.text("failureReason") == "It was cancelled.")
    }

    @Test("a picture that can't be used becomes FAILED with the reason, and the service answers as before")
    func hostile() throws {
        try instance.startHousekeeper()
        for (name, reason) in [
            ("bomb.png", "60000 × 60000 pixels"), ("endless.gif", "4097 frames"), ("entities.svg", "can't be read"),
            ("noise.jpg", "can't be read"),
        ] {
            let uploaded = try client.upload(Pictures.bytes(name), name: name, user: "u")
            let media = try settled(uploaded.id)
            #expect(media.text("status") == "FAILED", "\(name) \(media.text)")
            #expect(media.text("failureReason").contains(reason), "\(media.text)")
            let state = try client.get("/v1/media/\(media.id)/processing").json
            #expect(state.text("failure").contains(reason) && state.text("state") == "FAILED", "\(state.text)")
        }
        #expect(try client.get("/readyz").status == 200)
        #expect(try instance.mediad("jobs", "list", "--state", "failed").contains("process"))
        #expect(instance.folders.files("work").isEmpty)
    }
}
