import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

struct UploadTests {
    private let client: HTTPClient
    private let instance: ServiceInstance

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func inode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    }

    @Test("a raw body with its name in the query becomes a record")
    func raw() throws {
        let photo = Samples.jpeg("raw")
        let answer = try client.post(
            "/v1/media?name=photo.jpg&userId=raw", headers: ["Content-Type": "image/jpeg"], .bytes(photo))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer["Content-Type"] == "application/json")
        let id = try #require(answer.string("id"))
        #expect(answer["Location"] == "\(instance.baseURL)/v1/media/\(id)")
        #expect(answer.string("mimeType") == "image/jpeg")
        #expect(answer.json["size"] == .integer(Int64(photo.count)))
        #expect(answer.json["isPublic"] == .bool(false))
        #expect(try client.get("/m/\(id)").body == photo)
    }

    @Test(
        "a raw body's name may come in Content-Disposition",
        arguments: [
            (#"attachment; filename="a b.txt""#, "a b.txt"), ("attachment; filename=a.txt", "a.txt"),
            ("attachment; filename=\"x.txt\"; filename*=UTF-8''%C3%9Cbung.txt", "Übung.txt"),
        ])
    func disposition(header: String, name: String) throws {
        let answer = try client.post(
            "/v1/media?userId=disposition", headers: ["Content-Disposition": header], .bytes(Samples.text(name)))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.string("originalName") == name)
    }

    @Test("a body of unknown length")
    func chunked() throws {
        let video = Samples.mp4("chunked", size: 300_000)
        let answer = try client.post(
            "/v1/media?userId=chunked&name=a.mp4", headers: ["Transfer-Encoding": "chunked"], .bytes(video))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(try client.get("/m/\(answer.json.id)").body == video)
    }

    @Test("a form with every field, one of them behind the file")
    func form() throws {
        let answer = try client.post(
            "/v1/media",
            .form([
                .text("userId", "form"), .text("entityType", "lesson"), .text("entityId", "lesson-7"),
                .file("file", name: "Skript.pdf", type: "application/pdf", Samples.pdf("form")),
                .text("isPublic", "true"), .text("metadata", #"{"page":3,"tags":["a","ü"]}"#),
                .text("title", "Das Skript"),
            ]))
        #expect(answer.status == 201, "\(answer.text)")
        let record = answer.json
        #expect(record.text("type") == "DOCUMENT" && record.text("originalName") == "Skript.pdf")
        #expect(record.text("userId") == "form" && record.text("title") == "Das Skript")
        #expect(record.text("entityType") == "lesson" && record.text("entityId") == "lesson-7")
        #expect(record["isPublic"] == .bool(true) && record.text("status") == "READY")
        #expect(record["metadata"]?.text == #"{"page":3,"tags":["a","ü"]}"#)
        #expect(record.text("url") == "\(instance.baseURL)/p/\(record.id)/Skript.pdf")
        #expect(try instance.anonymous.get(record.text("url")).body == Samples.pdf("form"))
    }

    @Test("several files of one form come back in their order")
    func several() throws {
        let files = (0..<5).map { ("Bild \($0).png", Samples.png("several \($0)")) }
        let answer = try client.post(
            "/v1/media",
            .form(files.map { .file("files", name: $0.0, type: "image/png", $0.1) } + [.text("userId", "several")]))
        #expect(answer.status == 201, "\(answer.text)")
        let media = try #require(answer.json["media"]?.array)
        #expect(media.map { $0.text("originalName") } == files.map(\.0))
        for (record, file) in zip(media, files) { #expect(try client.get("/m/\(record.id)").body == file.1) }
        let list = try client.get("/v1/users/several/media")
        #expect(list.json["media"]?.array?.map(\.id) == media.map(\.id).reversed())
    }

    @Test("the same content is stored once, for as many records as there are")
    func deduplication() throws {
        let bytes = Samples.pdf("the same for all")
        let records = try (0..<3).map { try client.upload(bytes, name: "\($0).pdf", user: "user \($0)") }
        #expect(Set(records.map(\.id)).count == 3)
        let sha256 = records[0].text("sha256")
        #expect(records.allSatisfy { $0.text("sha256") == sha256 })
        let counts = try instance.connection().query(
            "SELECT reference_count FROM blobs WHERE sha256 = ?", [.bytes(Hex.decode(sha256) ?? [])]
        ) { (row) throws(MariaDBError) in try row.integer(0) }
        #expect(counts == [3])
        #expect(instance.folders.files("objects").filter { $0.hasSuffix(sha256) }.count == 1)
    }

    @Test(
        "a public file's link is a second name of its blob, harmless whatever the uploader called it",
        arguments: [
            ("photo.jpg", "photo.jpg"), ("Übung 1 (final).PHP.JPEG", "Übung-1-final-PHP.jpg"),
            ("evil.html", "evil.jpg"), (".htaccess", "htaccess.jpg"), ("🎬.jpg", "file.jpg"),
            ("a\"b'c<d>&e;f%2e%2e.jpg", "a-b-c-d-e-f-2e-2e.jpg"),
        ])
    func publicLink(name: String, linkName: String) throws {
        let bytes = Samples.jpeg("link \(name)")
        let record = try client.upload(bytes, name: name, user: "link", query: "isPublic=true")
        #expect(record.text("originalName") == name)
        #expect(instance.folders.files("public/\(record.id)") == [linkName])
        let sha256 = record.text("sha256")
        let blob = "\(instance.folders.store)/objects/\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)"
        #expect(try inode("\(instance.folders.store)/public/\(record.id)/\(linkName)") == inode(blob))
        #expect(record.text("url").hasSuffix("/p/\(record.id)/\(PercentEncoding.pathSegment(linkName))"))
        let file = try instance.anonymous.get(record.text("url"))
        #expect(file.status == 200 && file.body == bytes && file["Content-Type"] == "image/jpeg")
    }

    @Test(
        "the type comes from the bytes",
        arguments: [
            ("a", "", Samples.jpeg("type"), "IMAGE", "image/jpeg"),
            ("a.jpg", "", Samples.png("type"), "IMAGE", "image/png"),
            ("a.png", "image/gif", Samples.png("t2"), "IMAGE", "image/png"),
            ("a", "application/octet-stream", Samples.mp4("type"), "VIDEO", "video/mp4"),
            ("a", "", Samples.pdf("type"), "DOCUMENT", "application/pdf"),
            ("a.html", "", Samples.text("type"), "DOCUMENT", "text/plain"),
            ("a.csv", "", Array("a,b\n1,2\n3,4\n".utf8), "DOCUMENT", "text/csv"),
            ("a", "", Samples.zip("type"), "OTHER", "application/zip"),
            ("a.jpg", "", Samples.svg("type"), "IMAGE", "image/svg+xml"),
        ])
    func detection(name: String, declared: String, bytes: [UInt8], kind: String, type: String) throws {
        let record = try client.upload(bytes, name: name, user: "detection", type: declared)
        #expect(record.text("type") == kind)
        #expect(record.text("mimeType") == type)
    }

    @Test("bytes behind the announced length are no part of the file")
    func surplus() throws {
        let connection = try RawConnection(port: instance.port, timeout: 5)
        let text = Samples.text("exact")
        try connection.send(
            "POST /v1/media?name=a.txt&userId=surplus HTTP/1.1\r\nHost: localhost\r\n"
                + "Authorization: Bearer \(client.key ?? "")\r\nContent-Length: \(text.count)\r\n\r\n")
        try connection.send(text + Array("GARBAGE\r\n\r\n".utf8))
        let answers = String(decoding: connection.readAll(), as: UTF8.self)
        #expect(answers.hasPrefix("HTTP/1.1 201 "))
        #expect(answers.contains("\"size\":\(text.count),"))
        #expect(answers.contains(" 400 "))
    }

    @Test("a large file arrives whole, and leaves nothing on its way")
    func large() throws {
        let folder = try TemporaryFolder()
        let video = Samples.mp4("large", size: 48 << 20)
        let path = try folder.file("large.mp4", video)
        let answer = try client.post("/v1/media?userId=large&name=large.mp4", .file(path))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.json["size"] == .integer(48 << 20))
        #expect(try client.get("/m/\(answer.json.id)").body == video)
    }
}
