import MediaCore
import MediaTesting
import Testing

/// The ways a file goes out: `/p/…` by nginx alone and `/m/…` after the worker's decision.
struct DeliveryTests {
    private static let video = Samples.mp4("delivery", size: 5000)

    private static let files = Result {
        let client = try SharedInstance.client()
        return try ["true", "false"].map { isPublic in
            try client.upload(
                video, name: "Vidéo 🎬 \"1\".mp4", user: "delivery", query: "isPublic=\(isPublic)")
        }
    }

    private let instance: ServiceInstance
    private let client: HTTPClient
    /// The public record and the private one.
    private let files: [JSON]

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
        files = try Self.files.get()
    }

    /// The public URL, the permalink of the public record, the permalink of the private one.
    private var paths: [String] { [files[0].text("url"), "/m/\(files[0].id)", "/m/\(files[1].id)"] }

    @Test("the whole file, its type, and what keeps it harmless", arguments: 0..<3)
    func whole(index: Int) throws {
        let answer = try client.get(paths[index])
        #expect(answer.status == 200 && answer.body == Self.video)
        #expect(answer["Content-Type"] == "video/mp4")
        #expect(answer["Accept-Ranges"] == "bytes")
        #expect(answer.all("X-Content-Type-Options") == ["nosniff"])
        #expect(answer.all("Content-Security-Policy") == ["sandbox; default-src 'none'"])
        #expect(answer.all("X-Request-Id").count == 1)
        #expect(answer["ETag"] != nil && answer["Last-Modified"] == nil)
        let cache = [
            "public, max-age=86400", "public, no-cache", "private, no-cache",
        ]
        #expect(answer.all("Cache-Control") == [cache[index]])
        #expect(answer["X-Accel-Redirect"] == nil)
    }

    @Test("HEAD says the same without the bytes", arguments: 0..<3)
    func head(index: Int) throws {
        let whole = try client.get(paths[index])
        let head = try client.send("HEAD", paths[index])
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head["Content-Length"] == "5000")
        for name in ["Content-Type", "ETag", "Content-Disposition", "Cache-Control"] {
            #expect(head[name] == whole[name])
        }
    }

    @Test(
        "one range",
        arguments: [
            ("0-0", 0..<1), ("0-99", 0..<100), ("4999-4999", 4999..<5000), ("4990-", 4990..<5000), ("-10", 4990..<5000),
            ("-9999", 0..<5000), ("100-99999", 100..<5000),
        ])
    func range(text: String, range: Range<Int>) throws {
        for path in paths {
            let answer = try client.get(path, headers: ["Range": "bytes=\(text)"])
            #expect(answer.status == 206, "\(text)")
            #expect(answer.body == Array(Self.video[range]))
            #expect(answer["Content-Range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/5000")
            #expect(answer["X-Content-Type-Options"] == "nosniff")
        }
    }

    @Test("several ranges come as parts")
    func ranges() throws {
        for path in paths {
            let answer = try client.get(path, headers: ["Range": "bytes=0-4,10-14,-5"])
            #expect(answer.status == 206)
            let type = try #require(answer["Content-Type"])
            #expect(type.hasPrefix("multipart/byteranges; boundary="))
            let boundary = try #require(type.split(separator: "=").last)
            let parts = answer.body.split(separator: Array("--\(boundary)".utf8)).dropFirst().dropLast()
            #expect(parts.count == 3)
            for (part, range) in zip(parts, [0..<5, 10..<15, 4995..<5000]) {
                #expect(part.dropLast(2).suffix(range.count).elementsEqual(Self.video[range]))
            }
        }
    }

    @Test("ranges that lie outside", arguments: ["5000-", "9999-10000", "5000-5000,6000-"])
    func unsatisfiable(text: String) throws {
        for path in paths {
            let answer = try client.get(path, headers: ["Range": "bytes=\(text)"])
            answer.expectProblem(416, "range_not_satisfiable")
            #expect(answer["Content-Range"] == "bytes */5000")
        }
    }

    @Test("what is no range of bytes is passed over or refused, never wrong", arguments: ["items=0-1", "bytes=a-b"])
    func noRange(text: String) throws {
        for path in paths {
            let answer = try client.get(path, headers: ["Range": text])
            #expect(answer.status == 416 || (answer.status == 200 && answer.body == Self.video))
        }
    }

    @Test("conditions: an unchanged file isn't sent again")
    func conditions() throws {
        for path in paths {
            let first = try client.get(path)
            let tag = try #require(first["ETag"])
            for header in [["If-None-Match": tag], ["If-None-Match": "*"]] {
                let answer = try client.get(path, headers: header)
                #expect(answer.status == 304 && answer.body.isEmpty, "\(header)")
                #expect(answer["ETag"] == tag)
            }
            #expect(try client.get(path, headers: ["If-None-Match": "\"other\""]).status == 200)
            let other = try client.get(path, headers: ["If-Match": "\"other\""])
            #expect(other.status == 412 && other.json.text("code") == "precondition_failed")
            #expect(other["Content-Type"] == "application/problem+json", "\(other.text)")
            let part = ["Range": "bytes=0-9"]
            #expect(try client.get(path, headers: part.merging(["If-Range": tag]) { $1 }).status == 206)
            #expect(try client.get(path, headers: part.merging(["If-Range": "\"other\""]) { $1 }).status == 200)
        }
    }

    @Test(
        "an entity tag is one content's, however soon another of its size has followed, and the same whenever that comes back"
    )
    func entityTag() throws {
        let first = Array("AAAAAAAAAA tag".utf8)
        let record = try client.upload(first, name: "a.txt", user: "tags")
        let tag = try #require(client.get("/m/\(record.id)")["ETag"])
        let replaced = try client.send("PUT", "/v1/media/\(record.id)/file", .bytes(Array("BBBBBBBBBB tag".utf8)))
        #expect(replaced.status == 200)
        let second = try client.get("/m/\(record.id)", headers: ["If-None-Match": tag])
        #expect(second.status == 200 && second.body == Array("BBBBBBBBBB tag".utf8))
        let part = ["Range": "bytes=0-4", "If-Range": try #require(second["ETag"])]
        _ = try client.post("/v1/media/\(record.id)/versions/1/restore", .none)
        #expect(try client.get("/m/\(record.id)", headers: part).status == 200)
        #expect(try client.get("/m/\(record.id)", headers: ["If-None-Match": tag]).status == 304)
    }

    @Test("the file's name goes out in both forms")
    func name() throws {
        let disposition = try client.get("/m/\(files[1].id)")["Content-Disposition"]
        #expect(
            disposition
                == "inline; filename=\"Vid_o _ _1_.mp4\"; filename*=UTF-8''Vid%C3%A9o%20%F0%9F%8E%AC%20%221%22.mp4")
        #expect(try client.get(files[0].text("url"))["Content-Disposition"] == "inline")
        let folder = try TemporaryFolder()
        let plain = try client.upload(Samples.text("plain"), name: "plain.txt", user: "delivery")
        let answer = try client.send("GET", "/m/\(plain.id)", curl: ["-o", "\(folder.path)/x", "-D", "-"])
        #expect(answer["Content-Disposition"] == "inline; filename=\"plain.txt\"")
    }

    @Test(
        "what could run is a download, public or not",
        arguments: [(Samples.svg("delivered"), "image/svg+xml"), (Samples.zip("delivered"), "application/zip")])
    func attachment(bytes: [UInt8], type: String) throws {
        for isPublic in ["true", "false"] {
            let record = try client.upload(bytes, name: "x.jpg", user: "delivery", query: "isPublic=\(isPublic)")
            for path in Set([record.text("url"), "/m/\(record.id)"]) {
                let answer = try client.get(path)
                #expect(answer["Content-Type"] == type)
                #expect(answer["Content-Disposition"]?.hasPrefix("attachment") == true)
                #expect(answer["Content-Security-Policy"] == "sandbox; default-src 'none'")
            }
        }
    }

    @Test("text says its character set")
    func charset() throws {
        let record = try client.upload(Samples.text("charset"), name: "a.txt", user: "delivery", query: "isPublic=true")
        for path in [record.text("url"), "/m/\(record.id)"] {
            let answer = try client.get(path)
            #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
            #expect(answer["Content-Disposition"]?.hasPrefix("inline") == true)
        }
    }

    @Test("a file made private can't be had by its public URL at once, and again once it is public")
    func switching() throws {
        let record = try client.upload(Samples.pdf("switch"), name: "a.pdf", user: "delivery", query: "isPublic=true")
        let url = record.text("url")
        #expect(try instance.anonymous.get(url).status == 200)
        for _ in 0..<3 {
            let hidden = try client.patch("/v1/media/\(record.id)", #"{"isPublic":false}"#)
            #expect(hidden.json.text("url") == "\(instance.baseURL)/m/\(record.id)")
            try instance.anonymous.get(url).expectProblem(404)
            try instance.anonymous.get("/m/\(record.id)").expectProblem(404)
            #expect(try client.get("/m/\(record.id)").status == 200)
            let shown = try client.patch("/v1/media/\(record.id)", #"{"isPublic":true}"#)
            #expect(shown.json.text("url") == url)
            #expect(try instance.anonymous.get(url).status == 200)
        }
    }
}
