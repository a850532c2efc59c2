import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// What somebody would try who wants files that aren't theirs, or something of theirs to run in the platform's origin.
@Suite(.serialized) struct AttackTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private static let polyglots: [(name: String, bytes: [UInt8], type: String)] = [
        ("a.jpg", Samples.jpeg("<html><script>alert(1)</script>"), "image/jpeg"),
        (
            "a.gif", Array("GIF89a/*".utf8) + [UInt8](repeating: 0, count: 32) + Array("*/=1;alert(1)//".utf8),
            "image/gif"
        ),
        ("a.pdf", Samples.pdf("<script>alert(1)</script>"), "application/pdf"),
        ("a.png", Samples.png("<svg onload=alert(1)>"), "image/png"),
        ("a.svg", Samples.svg("<script>alert(1)</script>"), "image/svg+xml"),
        ("a.txt", Array("alert(document.cookie) // plain text\n".utf8), "text/plain; charset=utf-8"),
    ]

    @Test(
        "a file that is two things at once is served as the harmless one, and can't run", arguments: 0..<polyglots.count
    )
    func polyglot(index: Int) throws {
        let (name, bytes, type) = Self.polyglots[index]
        for isPublic in ["true", "false"] {
            let record = try client.upload(bytes, name: name, user: "eve", query: "isPublic=\(isPublic)")
            for path in Set([record.text("url"), "/m/\(record.id)"]) {
                let answer = try client.get(path, headers: ["Accept": "text/html"])
                #expect(answer.status == 200 && answer.all("Content-Type") == [type], "\(path)")
                #expect(answer.all("X-Content-Type-Options") == ["nosniff"])
                #expect(answer.all("Content-Security-Policy") == ["sandbox; default-src 'none'"])
                #expect(answer["Content-Disposition"]?.hasPrefix(name == "a.svg" ? "attachment" : "inline") == true)
            }
        }
    }

    @Test("HTML is not taken unless it is asked for, and then it is a download in a sandbox", arguments: ["0", "5"])
    func html(decisions: String) throws {
        for name in ["a.html", "a.jpg", "a.txt", "a"] {
            try client.post("/v1/media?name=\(name)&userId=eve", .bytes(Samples.html("attack"))).expectProblem(
                415, "unsupported_media_type", field: "body")
        }
        let instance = try ServiceInstance(settings: [
            "MEDIA_ALLOWED_TYPES": "IMAGE,text/html", "MEDIA_DECISION_CACHE": decisions,
        ])
        let client = try instance.client()
        for isPublic in ["true", "false"] {
            let record = try client.upload(
                Samples.html("asked for"), name: "a.html", user: "eve", query: "isPublic=\(isPublic)")
            for path in Set([record.text("url"), "/m/\(record.id)"]) {
                let answer = try client.get(path)
                #expect(answer.status == 200 && answer["Content-Type"] == "application/octet-stream", "\(path)")
                #expect(answer["Content-Disposition"]?.hasPrefix("attachment") == true)
                #expect(answer["Content-Security-Policy"] == "sandbox; default-src 'none'")
            }
        }
    }

    @Test(
        "no answer takes anything from the request's host",
        arguments: ["evil.example", "localhost:1", "a b", "evil\"<x>"])
    func host(name: String) throws {
        let answers = [
            try client.get("/v1/media?limit=1", headers: ["Host": name]),
            try client.post("/v1/media?name=a.txt&userId=eve", headers: ["Host": name], .text("of \(name)")),
            try client.get("/m/none", headers: ["Host": name, "Accept": "text/html"]),
            try client.get("/v1/media/", headers: ["Host": name, "X-Forwarded-Host": name]),
        ]
        for answer in answers {
            let all = answer.headers.map(\.value).joined(separator: "\n") + answer.text
            #expect(!all.contains("evil") && !all.contains("localhost:1/"), "\(all)")
        }
        if answers[1].status == 201 {
            #expect(answers[1]["Location"]?.hasPrefix("\(instance.baseURL)/v1/media/") == true)
        }
    }

    @Test(
        "two requests can't be made of one",
        arguments: [
            "Host: a\r\nHost: b", "Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
            "Host: a\r\nContent-Length: 4\r\nContent-Length: 5", "Host: a\r\nTransfer-Encoding: chunked, identity",
            "Host: a\r\nTransfer-Encoding: xchunked", "Host: a\r\nContent-Length: -1", "Host: a\r\nContent-Length: 4x",
            "Host: a\r\nContent-Length : 4", "Host: a\r\n Content-Length: 4",
        ])
    func smuggledRequest(fields: String) throws {
        let connection = try RawConnection(port: instance.port, timeout: 3)
        let authorization = "Authorization: Bearer \(client.key ?? "")"
        let second = "GET /v1/media?limit=1 HTTP/1.1\r\nHost: a\r\n\(authorization)\r\nConnection: close\r\n\r\n"
        try connection.send("POST /v1/links HTTP/1.1\r\n\(fields)\r\n\r\n0\r\n\r\n\(second)")
        connection.finish()
        let answers = String(decoding: connection.readAll(), as: UTF8.self)
        #expect(answers.hasPrefix("HTTP/1.1 400") || answers.hasPrefix("HTTP/1.1 501"), "\(answers)")
        #expect(!answers.contains("\"totalPages\""), "\(answers)")
    }

    @Test(
        "nobody puts lines into an answer's fields",
        arguments: ["%0d%0aSet-Cookie:%20a=b", "%0aX:%20y", "%e2%80%a8", "%00"])
    func responseSplitting(text: String) throws {
        for path in [
            "/m/\(text)", "/p/\(text)/a", "/v1/media?cursor=\(text)", "/v1/users/\(text)/media",
            "/v1/media?sort=\(text)&limit=1", "/v1/entities/a/\(text)/media?limit=1", "/\(text)",
        ] {
            let answer = try client.get(path)
            #expect(answer["Set-Cookie"] == nil && answer["X"] == nil, "\(path)")
            #expect(answer.headers.allSatisfy { !$0.value.contains("Set-Cookie") }, "\(path)")
        }
        try client.post("/v1/media?name=a\(text).txt&userId=eve", .text("a text")).expectProblem(400, field: "name")
    }

    /// What a request has MariaDB do. Refusals are written down beside the requests, over a connection of their own.
    private func statements(_ connection: Connection, of id: String, _ request: () throws -> Void) throws -> [String] {
        try connection.run("TRUNCATE mysql.general_log")
        try request()
        return try connection.query(
            """
            SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type IN ('Execute', 'Query')
                AND thread_id IN (SELECT thread_id FROM mysql.general_log WHERE argument LIKE '%FROM media %')
            """
        ) { (row) throws(MariaDBError) in try row.text(0) }
        .filter { !$0.contains("general_log") }
        .map { $0.replacing(id, with: "ID") }
    }

    @Test("what isn't yours takes the same work as what isn't there, whoever asks for whatever")
    func timing() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(
            settings: ["MEDIA_JWT_SECRET": TestIssuer.secret, "MEDIA_WORKERS": "1", "MEDIA_API_THREADS": "1"],
            mariaDB: server)
        let id = try instance.client().upload(
            Samples.text("timing"), name: "a.txt", user: "owner", query: "entityType=course&entityId=c1"
        ).id
        let missing = String(id.dropLast(4)) + "0000"
        var enrolled = instance.anonymous
        enrolled.key = try TestIssuer().token("eve", entities: ["course:c2"])
        var plain = instance.anonymous
        plain.key = try TestIssuer().token("eve")
        let root = Connection(PrivateMariaDB.root(server.socket))
        for setting in ["log_output = 'TABLE'", "general_log = ON"] { try root.run("SET GLOBAL \(setting)") }
        let json = ["Content-Type": "application/json"]
        let requests: [(String, (HTTPClient, String) throws -> HTTPResponse)] = [
            ("download", { try $0.get("/m/\($1)") }), ("read", { try $0.get("/v1/media/\($1)") }),
            ("change", { try $0.patch("/v1/media/\($1)", "{}") }), ("delete", { try $0.delete("/v1/media/\($1)") }),
            ("destroy", { try $0.delete("/v1/media/\($1)?hard=true") }),
            ("links", { try $0.get("/v1/media/\($1)/links") }),
            ("link", { try $0.post("/v1/media/\($1)/links", headers: json, .text(#"{"expiresIn":60}"#)) }),
            ("versions", { try $0.get("/v1/media/\($1)/versions") }),
            ("replace", { try $0.send("PUT", "/v1/media/\($1)/file", .text("another text")) }),
        ]
        for (name, request) in requests {
            for caller in [enrolled, plain, instance.anonymous] {
                // Once for what is prepared at the first time.
                _ = try request(caller, missing)
                var works: [[String]] = []
                var answers: [HTTPResponse] = []
                for target in [id, missing] {
                    works.append(try statements(root, of: target) { answers.append(try request(caller, target)) })
                }
                #expect(answers[0].status == answers[1].status && [401, 404].contains(answers[0].status), "\(name)")
                #expect(works[0] == works[1], "\(name)")
                #expect(answers[0].status == 401 || works[0].contains { $0.contains("media ") }, "\(name)")
            }
        }
    }
}
