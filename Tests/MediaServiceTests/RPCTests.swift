import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

/// `POST /v1/rpc`: the platform's patterns, as it sends them.
struct RPCTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let user: String

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
        user = "rpc-\(UUID().uuidString)"
    }

    /// A packet's answer.
    private func call(
        _ pattern: String, _ data: String, headers: [String: String] = [:], with client: HTTPClient? = nil
    ) throws -> JSON {
        let packet = #"{"pattern":"\#(pattern)","data":\#(data),"id":"7"}"#
        let fields = headers.merging(["Content-Type": "application/json"]) { $1 }
        let answer = try (client ?? self.client).post("/v1/rpc", headers: fields, .text(packet))
        try #require(answer.status == 200, "\(answer.text)")
        #expect(answer.json["id"] == .string("7"))
        return answer.json
    }

    /// What a pattern that succeeds answers.
    private func response(_ pattern: String, _ data: String) throws -> JSON {
        let answer = try call(pattern, data)
        #expect(answer["isDisposed"] == .bool(true))
        return try #require(answer["response"], "\(answer.text)")
    }

    /// What a pattern that fails answers.
    private func error(_ pattern: String, _ data: String) throws -> JSON {
        let answer = try call(pattern, data)
        #expect(answer["isDisposed"] == .bool(true) && answer["response"] == nil)
        let error = try #require(answer["err"], "\(answer.text)")
        #expect(error.text("status") == "error" && !error.text("message").isEmpty)
        return error
    }

    private static func buffer(_ bytes: [UInt8]) -> String {
        #"{"type":"Buffer","data":[\#(bytes.map(String.init).joined(separator: ","))]}"#
    }

    private func create(_ url: String, _ more: String = "") throws -> JSON {
        try response(
            "media.create",
            #"{"type":"IMAGE","originalName":"a.png","mimeType":"image/png","size":1,"url":"\#(url)","userId":"\#(user)"\#(more)}"#
        )
    }

    // MARK: Uploads

    @Test("a file without a user is staged, and media.create with its URL makes it a record, once")
    func staged() throws {
        let bytes = Samples.text(user)
        let staged = try response(
            "upload_file", #"{"buffer":\#(Self.buffer(bytes)),"originalName":"a.txt","mimeType":"text/plain"}"#)
        let url = staged.text("url")
        #expect(url.hasPrefix(instance.baseURL + "/m/"))
        #expect(staged["size"] == .integer(Int64(bytes.count)) && staged.text("mimeType") == "text/plain")
        // Nobody has it before it is somebody's.
        try client.get(url).expectProblem(404)
        let first = try create(url, #","metadata":{"a":1},"entityId":"l1","entityType":"lesson""#)
        #expect(url.hasSuffix(first.id) && first.text("userId") == user && first.text("originalName") == "a.png")
        // Of a file that is here, its bytes say what they are.
        #expect(first["size"] == staged["size"] && first.text("type") == "DOCUMENT")
        #expect(first.text("mimeType") == "text/plain" && first.text("status") == "READY")
        #expect(try client.get(url).body == bytes)
        #expect(try create(url) == first)
        let other = #"{"type":"IMAGE","originalName":"a","mimeType":"a/b","size":1,"url":"\#(url)","userId":"other"}"#
        #expect(try error("media.create", other)["statusCode"] == .integer(409))
        #expect(try client.get("/v1/users/\(user)/usage").json["files"] == .integer(1))
        _ = try response("media.remove", "\"\(first.id)\"")
        #expect(try error("media.create", other)["statusCode"] == .integer(404))
    }

    @Test("of many who make the record of one staged file at once, all get the same")
    func adoptedAtOnce() throws {
        let url = try response(
            "upload_file", #"{"buffer":"aGVsbG8=","originalName":"hello.txt","mimeType":"text/plain"}"#
        ).text("url")
        let threads = ThreadGroup()
        let answers = Mutex<[JSON]>([])
        for _ in 0..<8 {
            threads.start {
                guard let media = try? create(url, #","isPublic":true"#) else { return }
                answers.withLock { $0.append(media) }
            }
        }
        threads.wait()
        let all = answers.withLock { $0 }
        #expect(all.count == 8 && Set(all.map(\.id)).count == 1)
        #expect(try client.get(all.first?.text("url") ?? "").text == "hello")
        #expect(try client.get("/v1/users/\(user)/usage").json["files"] == .integer(1))
    }

    @Test("a staged file that no record takes over goes, with its bytes")
    func expired() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_STAGED_TTL": "60"])
        let client = try instance.client()
        let packet = #"{"pattern":"upload_file","data":{"buffer":"aGk=","originalName":"a.txt"},"id":1}"#
        let answer = try client.post("/v1/rpc", headers: ["Content-Type": "application/json"], .text(packet))
        #expect(answer.json["response"]?.text("url").isEmpty == false, "\(answer.text)")
        #expect(instance.folders.files("objects").count == 1)
        try instance.connection().transaction {
            try $0.execute("UPDATE staged_files SET created_at = created_at - INTERVAL 61 SECOND")
        }
        try instance.mediad("work", "--once")
        #expect(instance.folders.files("objects").isEmpty)
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("a file with a user becomes a record", arguments: ["filename", "originalname"])
    func uploaded(name: String) throws {
        let bytes = Array("hello \(user)".utf8)
        let file =
            #"{"\#(name)":"a.txt","mimetype":"text/plain","encoding":"7bit","buffer":\#(Self.buffer(bytes)),"size":\#(bytes.count)}"#
        let answer = try response(
            "upload_file", #"{"file":\#(file),"userId":"\#(user)","entityType":"course","entityId":"c1"}"#)
        #expect(answer["success"] == .bool(true) && !answer.text("message").isEmpty)
        let media = try #require(answer["data"])
        #expect(media.text("userId") == user && media.text("entityId") == "c1" && media.text("originalName") == "a.txt")
        #expect(try client.get("/m/\(media.id)").body == bytes)
        let many = try response("upload_multiple_files", #"{"files":[\#(file),\#(file)],"userId":"\#(user)"}"#)
        #expect(many["data"]?.array?.count == 2)
        let wrong = file.replacing("\"size\":\(bytes.count)", with: "\"size\":1")
        #expect(try error("upload_file", #"{"file":\#(wrong),"userId":"\#(user)"}"#).text("message").contains("size"))
    }

    @Test(
        "what is no file is refused, by its field",
        arguments: [
            (#"{}"#, "buffer"), (#"{"buffer":5,"originalName":"a"}"#, "buffer"),
            (#"{"buffer":"%%","originalName":"a"}"#, "buffer"), (#"{"buffer":"","originalName":"a"}"#, "buffer"),
            (#"{"buffer":{"type":"Buffer","data":[256]},"originalName":"a"}"#, "buffer"),
            (#"{"buffer":{"type":"Buffer","data":[-1]},"originalName":"a"}"#, "buffer"),
            (#"{"buffer":{"type":"Buffer","data":["1"]},"originalName":"a"}"#, "buffer"),
            (#"{"buffer":"aGk="}"#, "originalName"), (#"{"buffer":"aGk=","originalName":"../a"}"#, "originalName"),
            (#"{"buffer":"aGk=","originalName":"a","more":1}"#, "more"),
            (#"{"buffer":"aGk=","originalName":"a","entityId":"x"}"#, "entityId"),
            (#"{"file":{"filename":"a","buffer":"aGk="}}"#, "userId"), (#"{"file":7,"userId":"u"}"#, "file"),
            (#"{"file":{"buffer":"aGk="},"userId":"u"}"#, "file.filename"),
        ])
    func noFile(data: String, field: String) throws {
        let error = try error("upload_file", data)
        #expect(error["statusCode"] == .integer(400) && error.text("message").contains(field), "\(error.text)")
        #expect(error["errors"]?.array?.contains { $0.text("field") == field } == true, "\(error.text)")
    }

    // MARK: Outside

    @Test("a foreign URL makes a record that points there: whoever may have the file is sent there")
    func outside() throws {
        let url = "https://cdn.example.org/a/b.png?x=1&y=%20"
        let media = try create(url)
        #expect(media.text("url") == url && media["sha256"] == .null && media["size"] == .integer(1))
        let path = "/m/\(media.id)"
        let answer = try client.get(path)
        #expect(answer.status == 302 && answer["Location"] == url)
        try HTTPClient(baseURL: client.baseURL).get(path).expectProblem(404)
        let moved = try response(
            "media.update", #"{"id":"\#(media.id)","url":"http://other.example/","isPublic":true}"#)
        #expect(moved.text("url") == "http://other.example/")
        #expect(try HTTPClient(baseURL: client.baseURL).get(path)["Location"] == "http://other.example/")
        let usage = try client.get("/v1/users/\(user)/usage").json
        #expect(usage["files"] == .integer(1) && usage["bytes"] == .integer(0))
        try client.send("PUT", "/v1/media/\(media.id)/file?name=a.png", .text("x")).expectProblem(409, "outside")
        #expect(try client.get("/v1/media/\(media.id)/versions").json["versions"]?.array?.isEmpty == true)
        #expect(try client.delete("/v1/media/\(media.id)?hard=true").status == 200)
        #expect(try client.get("/v1/users/\(user)/usage").json["files"] == .integer(0))
        try client.get(path).expectProblem(404)
    }

    @Test("sizes that nobody has checked add up to no more than there is")
    func hugeSizes() throws {
        for _ in 0..<2 {
            let data =
                #"{"type":"VIDEO","originalName":"a","mimeType":"video/mp4","size":1125899906842624,"url":"https://a/","userId":"\#(user)"}"#
            _ = try response("media.create", data)
        }
        try instance.connection().transaction {
            try $0.execute("UPDATE media SET size = 9223372036854775807 WHERE user_id = ?", [.text(user)])
        }
        let statistics = try response("get_media_stats", #"{"userId":"\#(user)"}"#)
        #expect(statistics["totalSize"] == .integer(.max) && statistics["total"] == .integer(2))
    }

    @Test("where a record points to is the platform's to say, and never back here")
    func pointing() throws {
        let media = try create("https://cdn.example.org/a")
        for url in ["\(instance.baseURL)/m/\(media.id)x", "\(instance.baseURL)@evil.example/", "javascript:x"] {
            let error = try error("media.update", #"{"id":"\#(media.id)","url":"\#(url)"}"#)
            #expect(error["statusCode"] == .integer(400), "\(url)")
        }
        #expect(try response("media.update", #"{"id":"\#(media.id)","url":"https://cdn.example.org/a"}"#) == media)
        let issuer = try ServiceInstance(settings: ["MEDIA_JWT_SECRET": TestIssuer.secret])
        var user = issuer.anonymous
        user.key = try TestIssuer(key: .secret(TestIssuer.secret)).token("rita")
        let data =
            #"{"type":"IMAGE","originalName":"a","mimeType":"image/png","size":1,"url":"https://a/","userId":"rita"}"#
        #expect(try call("media.create", data, with: user)["err"]?["statusCode"] == .integer(403))
    }

    @Test("a message of very many values is refused before they are all there")
    func manyValues() throws {
        let values = String(repeating: "[1],", count: 200_000) + "1"
        try post(#"{"pattern":"media.findAll","data":[\#(values)],"id":1}"#).expectProblem(400, "invalid_request")
    }

    @Test(
        "what is no such URL is refused",
        arguments: [
            "", "ftp://a/b", "javascript:alert(1)", "//a/b", "https://", "https://u:p@a/", "https://a/\\r\\nX: y",
            "https://a/ü", "https://a/\\\"", "https:///a", "http://:80/",
        ])
    func noURL(url: String) throws {
        let data =
            #"{"type":"IMAGE","originalName":"a","mimeType":"image/png","size":1,"url":"\#(url)","userId":"u"}"#
        let error = try error("media.create", data)
        #expect(error["statusCode"] == .integer(400) && error.text("message").hasPrefix("url"), "\(error.text)")
    }

    // MARK: Records

    @Test("media.findOne, findByUser, findByEntity and findAll, in each form that the platform uses")
    func reading() throws {
        let records = try (0..<3).map { number in
            try client.upload(
                Samples.text("\(user) \(number)"), name: "\(number).txt", user: user,
                query: "entityType=lesson&entityId=\(user)")
        }
        let newestFirst = Array(records.reversed())
        for data in ["\"\(records[0].id)\"", #"{"id":"\#(records[0].id)"}"#] {
            #expect(try response("media.findOne", data) == records[0])
            #expect(try response("get_media_by_id", data) == records[0])
        }
        let page = try response("media.findByUser", "\"\(user)\"")
        #expect(page["media"]?.array == newestFirst && page["total"] == .integer(3) && page["page"] == .integer(1))
        #expect(page["limit"] == .integer(10) && page["totalPages"] == .integer(1))
        for params in [#"{"page":2,"limit":1}"#, #"{"page":"2","limit":"1"}"#] {
            let second = try response("get_media_by_user", #"{"userId":"\#(user)","params":\#(params)}"#)
            #expect(second.ids == [newestFirst[1].id] && second["totalPages"] == .integer(3))
        }
        let entity = #"{"entityId":"\#(user)","entityType":"lesson"}"#
        #expect(try response("media.findByEntity", entity).array == newestFirst)
        let some = try response(
            "get_media_by_entity", #"{"entityId":"\#(user)","entityType":"lesson","params":{"limit":2}}"#)
        #expect(some.array == Array(newestFirst.prefix(2)))
        #expect(try response("media.findAll", #"{"userId":"\#(user)","sort":"createdAt"}"#).ids == records.map(\.id))
        #expect(try response("get_all_media", "null")["page"] == .integer(1))
        let statistics = try response("get_media_stats", #"{"userId":"\#(user)"}"#)
        #expect(statistics["total"] == .integer(3) && statistics["byType"]?["DOCUMENT"]?["count"] == .integer(3))
    }

    @Test("media.update and media.remove, in each form")
    func changing() throws {
        let id = try client.upload(Samples.text(user), name: "a.txt", user: user).id
        let first = try response("media.update", #"{"id":"\#(id)","metadata":{"a":1},"isPublic":true}"#)
        #expect(first["metadata"]?.text == #"{"a":1}"# && first["isPublic"] == .bool(true))
        #expect(try client.get(first.text("url")).status == 200)
        let second = try response("media.update", #"{"id":"\#(id)","data":{"isPublic":false,"status":"READY"}}"#)
        #expect(second["isPublic"] == .bool(false))
        let third = try response("update_media_metadata", #"{"id":"\#(id)","metadata":null}"#)
        #expect(third["metadata"] == .null)
        for (data, code) in [
            (#""title":"x""#, 400), (#""status":"PROCESSING""#, 409), (#""status":"gone""#, 400),
            (#""url":"https://a.example/""#, 409), (#""size":1"#, 400),
        ] as [(String, Int64)] {
            let error = try error("media.update", #"{"id":"\#(id)",\#(data)}"#)
            #expect(error["statusCode"] == .integer(code), "\(data): \(error.text)")
        }
        let removed = try response("media.remove", "\"\(id)\"")
        #expect(removed.text("status") == "DELETED")
        let error = try error("media.findOne", "\"\(id)\"")
        #expect(error.text("message") == "Media with ID \(id) not found" && error["statusCode"] == .integer(404))
        let gone = try response("remove_media", #"{"id":"\#(id)","hard":true}"#)
        #expect(gone.text("status") == "DELETED")
        let another = try client.upload(Samples.text(user), name: "a.txt", user: user).id
        let deleted = try response("media.update", #"{"id":"\#(another)","status":"DELETED","metadata":{"b":2}}"#)
        #expect(deleted.text("status") == "DELETED" && deleted["metadata"]?.text == #"{"b":2}"#)
    }

    // MARK: Packets

    private func post(_ body: String, key: String? = nil) throws -> HTTPResponse {
        var fields = ["Content-Type": "application/json"]
        fields["Idempotency-Key"] = key
        return try client.post("/v1/rpc", headers: fields, .text(body))
    }

    @Test("a pattern may be an object, or its JSON text; an unknown one is answered in the platform's words")
    func patterns() throws {
        for pattern in [
            #"{"cmd":"get_media_stats"}"#, #""{\"cmd\":\"get_media_stats\"}""#, #""get_media_stats""#,
        ] {
            let answer = try post(#"{"pattern":\#(pattern),"data":{"userId":"nobody"},"id":"x"}"#)
            #expect(answer.json["response"]?["total"] == .integer(0), "\(answer.text)")
        }
        let unknown = try post(#"{"pattern":"media.fly","data":{},"id":"x"}"#)
        #expect(
            unknown.text
                == #"{"id":"x","status":"error","err":"There is no matching message handler defined in the remote service."}"#
        )
    }

    @Test("a batch has an answer for each packet with an id; events have none")
    func batch() throws {
        let find = #"{"pattern":"media.findOne","data":"cx","id":1}"#
        let event = #"{"pattern":"course.created","data":{}}"#
        let answer = try post("[\(find),\(event),\(find.replacing(":1}", with: ":\"b\"}"))]")
        #expect(answer.json.array?.map { $0["id"] } == [.integer(1), .string("b")])
        #expect(try post(event).status == 204)
        #expect(try post("[\(event)]").status == 204)
    }

    @Test(
        "what is no packet is refused",
        arguments: [
            "", "[]", "7", "{}", #"{"pattern":7}"#, #"{"pattern":{"cmd":7}}"#, #"{"pattern":"a","id":{}}"#,
            #"[{"pattern":"media.findOne","id":1},7]"#, #"{"pattern":"a","pattern":"b"}"#, "{\"pattern\":\"\u{FF}",
        ])
    func noPacket(body: String) throws {
        try post(body).expectProblem(400, "invalid_request")
    }

    @Test("a call with a key is carried out once")
    func once() throws {
        let key = UUID().uuidString
        let data = #"{"buffer":"aGVsbG8=","originalName":"a.txt","userId":"\#(user)"}"#
        let packet = #"{"pattern":"upload_file","data":\#(data),"id":"1"}"#
        let first = try post(packet, key: key)
        #expect(first.json["response"]?.id.isEmpty == false)
        #expect(try post(packet, key: key).json == first.json)
        #expect(try client.get("/v1/users/\(user)/usage").json["files"] == .integer(1))
        let other = try post(packet.replacing("a.txt", with: "b.txt"), key: key)
        #expect(other.json["err"]?["statusCode"] == .integer(422))
    }

    @Test("who may not do it over REST may not do it here")
    func access() throws {
        let packet = #"{"pattern":"media.remove","data":"c000000000000000000000000","id":"1"}"#
        let anonymous = HTTPClient(baseURL: client.baseURL)
        let fields = ["Content-Type": "application/json"]
        try anonymous.post("/v1/rpc", headers: fields, .text(packet)).expectProblem(401)
        var reader = client
        reader.key = try instance.key("media:read")
        let refused = try call("media.remove", #""c000000000000000000000000""#, with: reader)
        #expect(refused["err"]?["statusCode"] == .integer(403), "\(refused.text)")
        #expect(try call("media.findAll", "{}", with: reader)["response"] != nil)
    }

    @Test("a long message is taken, as numbers and as base 64")
    func long() throws {
        let bytes = Samples.text(String(repeating: "\(user) ", count: 60_000))
        for buffer in [Self.buffer(bytes), "\"\(Data(bytes).base64EncodedString())\""] {
            let data = #"{"buffer":\#(buffer),"originalName":"a.txt","mimeType":"text/plain","userId":"\#(user)"}"#
            let packet = #"{"pattern":"upload_file","data":\#(data),"id":"7"}"#
            #expect(packet.utf8.count > 1_000_000)
            let media = try post(packet).json["response"] ?? .null
            #expect(media["size"] == .integer(Int64(bytes.count)))
            #expect(try client.get("/m/\(media.id)").body == bytes)
        }
    }

    @Test("a long message of nobody is refused before it is taken in")
    func longOfNobody() throws {
        let folder = instance.folders
        let connection = try RawConnection(port: instance.port, timeout: 5)
        try connection.send(
            "POST /v1/rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 200000000\r\n\r\n{"
        )
        let answer = try connection.response()
        #expect(answer.status == 401)
        #expect(folder.files("incoming").isEmpty)
        let chunked = try RawConnection(port: instance.port, timeout: 5)
        try chunked.send(
            "POST /v1/rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n"
        )
        #expect(try chunked.response().status == 401)
    }
}
