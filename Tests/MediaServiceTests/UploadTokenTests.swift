import Foundation
import MediaCore
import MediaTesting
import Testing

/// Short-lived rights to upload, and pages of other origins that use them.
struct UploadTokenTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func token(_ order: String) throws -> String {
        let answer = try client.json("POST", "/v1/upload-tokens", order)
        try #require(answer.status == 201, "\(answer.text)")
        #expect(Timestamp(iso8601: answer.json.text("expiresAt")) != nil)
        return answer.json.text("token")
    }

    private func holder(_ order: String) throws -> HTTPClient {
        var holder = instance.anonymous
        holder.key = try token(order)
        return holder
    }

    @Test("its holder uploads for the user and the entity that it names, whole or in pieces, and does nothing else")
    func uploads() throws {
        let holder = try holder(#"{"userId":"grantee","entityType":"lesson","entityId":"l1","expiresIn":600}"#)
        let whole = try holder.post("/v1/media?name=a.txt", .text("by a token"))
        #expect(whole.status == 201 && whole.json.text("userId") == "grantee" && whole.json.text("entityId") == "l1")
        let form = try holder.post(
            "/v1/media", .form([.file("file", name: "b.txt", type: nil, Array("by a token, in a form".utf8))]))
        #expect(form.status == 201 && form.json.text("entityId") == "l1")
        let bytes = Array("in pieces by a token".utf8)
        let created = try holder.createUpload(bytes.count, name: "c.txt", user: "grantee")
        let url = try #require(created["Location"], "\(created.text)")
        let last = try holder.patchUpload(url, at: 0, bytes)
        let record = try client.get("/v1/media/\(last["Media-Id"] ?? "")").json
        #expect(record.text("userId") == "grantee" && record.text("entityId") == "l1")

        try holder.post("/v1/media?name=a.txt&userId=another", .text("x")).expectProblem(403, "forbidden")
        try holder.post("/v1/media?name=a.txt&entityType=lesson&entityId=l2", .text("x")).expectProblem(
            403, "forbidden")
        try holder.createUpload(10, user: "another").expectProblem(403)
        for (method, path) in [
            ("GET", "/v1/media"), ("GET", "/v1/media/\(record.id)"), ("DELETE", "/v1/media/\(record.id)"),
            ("GET", "/v1/users/grantee/usage"), ("GET", "/v1/media/\(record.id)/links"),
        ] { try holder.send(method, path).expectProblem(403, "forbidden", "\(method) \(path)") }
        #expect(try holder.get("/m/\(record.id)").status == 404)
        try holder.json("POST", "/v1/upload-tokens", #"{"userId":"grantee"}"#).expectProblem(403)
        try holder.json("POST", "/v1/rpc", #"{"pattern":"media.findAll","id":"1"}"#).expectRefusal()
    }

    @Test("what it says of size and types holds, also for uploads in pieces that somebody else finishes")
    func limits() throws {
        let holder = try holder(#"{"userId":"limited","maxBytes":2000,"types":"IMAGE,text/plain"}"#)
        #expect(try holder.post("/v1/media?name=a.txt", .text("short")).status == 201)
        try holder.post("/v1/media?name=a.txt", .bytes([UInt8](repeating: 65, count: 2001))).expectProblem(
            413, "too_large")
        try holder.post("/v1/media?name=a.pdf", .bytes(Samples.pdf("token"))).expectProblem(
            415, "unsupported_media_type")
        try holder.createUpload(2001, user: "limited").expectProblem(413, field: "Upload-Length")
        let url = try #require(
            try holder.createUpload(nil, user: "limited", ["Upload-Defer-Length": "1"])["Location"])
        try holder.patchUpload(url, at: 0, [1], ["Upload-Length": "2001"]).expectProblem(413, field: "Upload-Length")
        let pdf = Samples.pdf("token in pieces")
        try client.patchUpload(url, at: 0, pdf, ["Upload-Length": String(pdf.count)]).expectProblem(415)
    }

    @Test("one that is over, altered, or of another secret is none; what is wrong with an order is said")
    func refused() throws {
        var holder = instance.anonymous
        let good = try token(#"{"userId":"u","expiresIn":1}"#)
        let halves = good.dropFirst(3).split(separator: ".").map(String.init)
        let claims = try #require(Base64URL.decode(halves[0]))
        let other = Base64URL.encode(
            Array(String(decoding: claims, as: UTF8.self).replacing("\"u\"", with: "\"v\"").utf8))
        sleep(2)
        for text in [good, "mt_\(other).\(halves[1])", "mt_", "mt_.", "mt_a.b", "mt_\(halves[0])", "mt_\(halves[0])."] {
            holder.key = text
            try holder.post("/v1/media?name=a.txt", .text("x")).expectProblem(
                401, "unauthenticated", "\(text)")
        }
        for (order, field) in [
            ("{}", "userId"), (#"{"userId":"u","expiresIn":0}"#, "expiresIn"),
            (#"{"userId":"u","types":"x"}"#, "types"),
            (#"{"userId":"u","expiresIn":999999999}"#, "expiresIn"), (#"{"userId":"u","maxBytes":-1}"#, "maxBytes"),
            (#"{"userId":"u","entityType":"lesson"}"#, "entityId"), (#"{"userId":"u","role":"x"}"#, "role"),
        ] { try client.json("POST", "/v1/upload-tokens", order).expectProblem(400, field: field, "\(order)") }
        try instance.anonymous.json("POST", "/v1/upload-tokens", #"{"userId":"u"}"#).expectProblem(401)
    }

    @Test("pages of the origins that are named may use the service, and no others")
    func origins() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_CORS_ORIGINS": "https://a.example,http://localhost:3000"])
        let client = try instance.client()
        let media = try client.upload(Samples.text("origins"), name: "a.txt", user: "cors", query: "isPublic=true")
        let preflight = ["Access-Control-Request-Method": "PATCH", "Origin": "http://localhost:3000"]
        for path in ["/v1/uploads/c000000000000000000000000", "/v1/media", "/m/\(media.id)", "/none"] {
            let answer = try instance.anonymous.send("OPTIONS", path, headers: preflight)
            #expect(answer.status == 204 && answer["Access-Control-Allow-Origin"] == "http://localhost:3000", "\(path)")
            #expect(answer["Access-Control-Allow-Methods"]?.contains("PATCH") == true)
            #expect(answer["Access-Control-Allow-Headers"]?.contains("Upload-Offset") == true)
            #expect(answer.all("Vary").contains("Origin"))
        }
        let origin = ["Origin": "https://a.example"]
        for path in ["/v1/media/\(media.id)", "/v1/media/none", "/m/\(media.id)", media.text("url"), "/v1/uploads"] {
            let answer = try client.send("GET", path, headers: origin)
            #expect(answer.all("Access-Control-Allow-Origin") == ["https://a.example"], "\(path) \(answer.status)")
            #expect(answer["Access-Control-Expose-Headers"]?.contains("Upload-Offset") == true)
        }
        for other in ["https://b.example", "https://a.example.evil", "null", "http://a.example"] {
            let answer = try client.get("/v1/media", headers: ["Origin": other])
            #expect(answer["Access-Control-Allow-Origin"] == nil && answer.all("Vary").contains("Origin"), "\(other)")
            let asked = try client.send(
                "OPTIONS", "/v1/media", headers: ["Origin": other, "Access-Control-Request-Method": "PATCH"])
            #expect(asked.status == 405, "\(other)")
        }
        // Where none is named, nothing is said of it.
        #expect(try self.client.get("/v1/media", headers: origin)["Access-Control-Allow-Origin"] == nil)
    }
}

extension HTTPResponse {
    /// Of a packet that was refused.
    fileprivate func expectRefusal() {
        #expect(status == 403 || json["err"]?["statusCode"] == .integer(403), "\(status) \(text)")
    }
}
