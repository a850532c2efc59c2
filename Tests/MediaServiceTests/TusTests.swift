import Crypto
import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Resumable uploads by tus 1.0 and all of its extensions.
struct TusTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    @Test("what is spoken here is told to everybody")
    func options() throws {
        let answer = try instance.anonymous.send("OPTIONS", "/v1/uploads")
        #expect(answer.status == 204 && answer["Tus-Version"] == "1.0.0" && answer["Tus-Resumable"] == "1.0.0")
        let extensions = Set(answer["Tus-Extension"]?.split(separator: ",") ?? [])
        #expect(
            extensions == [
                "creation", "creation-with-upload", "creation-defer-length", "expiration", "termination",
                "concatenation", "checksum",
            ])
        #expect(answer["Tus-Checksum-Algorithm"] == "sha1,sha256,md5,crc32c")
        #expect(answer["Tus-Max-Size"] == String(5 << 30))
    }

    @Test("a file in pieces becomes a record, which the last answer names")
    func pieces() throws {
        let bytes = Samples.mp4("pieces", size: 300_000)
        let created = try client.createUpload(
            bytes.count, name: "Übung 1.mp4",
            more: ["filetype": "video/mp4", "entityType": "lesson", "entityId": "l7", "isPublic": "true", "x": "y"])
        #expect(
            created.status == 201 && created["Upload-Offset"] == "0"
                && created["Upload-Expires"]?.hasSuffix("GMT") == true)
        let url = try #require(created["Location"])
        #expect(url.hasPrefix(instance.baseURL + "/v1/uploads/c"))
        #expect(try client.offset(url) == 0)
        let first = try client.patchUpload(url, at: 0, Array(bytes[..<100_000]))
        #expect(first.status == 204 && first["Upload-Offset"] == "100000" && first["Media-Id"] == nil)
        let head = try client.headUpload(url)
        #expect(head["Upload-Offset"] == "100000" && head["Upload-Length"] == "300000")
        #expect(head.all("Cache-Control").contains("no-store"))
        try client.patchUpload(url, at: 0, [1]).expectProblem(409, "offset_mismatch", field: "Upload-Offset")
        try client.patchUpload(url, at: 100_001, [1]).expectProblem(409, "offset_mismatch")
        try client.patchUpload(url, at: 100_000, [UInt8](repeating: 0, count: 200_001)).expectProblem(413, "too_large")
        #expect(try client.offset(url) == 100_000)
        let state = try client.get(url).json
        #expect(state.text("status") == "RECEIVING" && state["offset"] == .integer(100_000))
        let last = try client.patchUpload(url, at: 100_000, Array(bytes[100_000...]))
        #expect(last.status == 204 && last["Upload-Offset"] == "300000")
        let id = try #require(last["Media-Id"])
        #expect(last["Content-Location"] == "/v1/media/\(id)")
        let media = try client.get("/v1/media/\(id)").json
        #expect(media.text("originalName") == "Übung 1.mp4" && media.text("entityId") == "l7")
        #expect(media["isPublic"] == .bool(true) && media.text("type") == "VIDEO" && media.text("status") == "READY")
        #expect(try instance.anonymous.get(media.text("url")).body == bytes)
        // Asked again, the answer is the same.
        #expect(try client.headUpload(url)["Media-Id"] == id)
        #expect(try client.get(url).json.text("mediaId") == id)
        try client.patchUpload(url, at: 300_000, [1]).expectProblem(409, "offset_mismatch")
        #expect(try client.deleteUpload(url).status == 204)
        try client.get(url).expectProblem(404, "not_found")
        #expect(try client.get("/m/\(id)").body == bytes)
    }

    @Test("creation with the bytes; a length that is said later; methods in another one's clothes")
    func variants() throws {
        let bytes = Samples.text("variants, all of it at once")
        let type = ["Content-Type": "application/offset+octet-stream"]
        let whole = try client.createUpload(bytes.count, name: "a.txt", type, .bytes(bytes))
        #expect(whole.status == 201 && whole["Upload-Offset"] == String(bytes.count))
        #expect(try client.uploadedFile(whole) == bytes)

        let url = try client.beginUpload(nil, name: "b.txt")
        #expect(try client.headUpload(url)["Upload-Defer-Length"] == "1")
        #expect(try client.patchUpload(url, at: 0, Array(bytes[..<5])).status == 204)
        try client.patchUpload(url, at: 5, [1], ["Upload-Length": "4"]).expectProblem(400, field: "Upload-Length")
        let rest = try client.patchUpload(url, at: 5, Array(bytes[5...]), ["Upload-Length": String(bytes.count)])
        #expect(try client.uploadedFile(rest) == bytes)

        let other = try client.beginUpload(bytes.count, name: "c.txt")
        let patched = try client.send(
            "POST", other,
            headers: [
                "Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0",
                "Content-Type": "application/offset+octet-stream",
            ], .bytes(bytes))
        #expect(patched.status == 204)
        #expect(try client.uploadedFile(patched) == bytes)
        let headers = ["Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "DELETE"]
        #expect(try client.send("POST", other, headers: headers).status == 204)
        try client.send("POST", other, headers: ["Tus-Resumable": "1.0.0"]).expectProblem(400)
    }

    @Test(
        "checksums: what isn't what it should be is not kept",
        arguments: ["sha1", "sha256", "md5", "crc32c"])
    func checksums(algorithm: String) throws {
        let bytes = Samples.text("checksums of \(algorithm) 123456789")
        func checksum(_ bytes: [UInt8]) -> String {
            var crc = CRC32C()
            bytes.withUnsafeBytes { crc.update($0) }
            let value: [UInt8] =
                switch algorithm {
                case "sha1": Array(Insecure.SHA1.hash(data: bytes))
                case "sha256": Array(SHA256.hash(data: bytes))
                case "md5": Array(Insecure.MD5.hash(data: bytes))
                default: crc.value
                }
            return "\(algorithm) \(Data(value).base64EncodedString())"
        }
        let url = try client.beginUpload(bytes.count, name: "a.txt")
        try client.patchUpload(url, at: 0, Array(bytes[..<10]), ["Upload-Checksum": checksum(bytes)])
            .expectProblem(460, "checksum_mismatch", field: "Upload-Checksum")
        #expect(try client.offset(url) == 0)
        let first = Array(bytes[..<10])
        #expect(try client.patchUpload(url, at: 0, first, ["Upload-Checksum": checksum(first)]).status == 204)
        let rest = Array(bytes[10...])
        let last = try client.patchUpload(url, at: 10, rest, ["Upload-Checksum": checksum(rest)])
        #expect(try client.uploadedFile(last) == bytes)
        try client.patchUpload(url, at: 0, [1], ["Upload-Checksum": "md4 AAAA"])
            .expectProblem(400, field: "Upload-Checksum", reason: "one of")
    }

    @Test("parts that came at the same time are put together in the order that is said")
    func concatenation() throws {
        let bytes = Samples.mp4("concatenation", size: 900_000)
        let pieces = [bytes[..<400_000], bytes[400_000..<700_000], bytes[700_000...]].map(Array.init)
        let urls = try pieces.map { piece in
            try #require(try client.createUpload(piece.count, ["Upload-Concat": "partial"])["Location"])
        }
        let parts = urls
        ThreadGroup.run(3) { index in
            let answer = try? client.patchUpload(urls[index], at: 0, pieces[index])
            #expect(answer?.status == 204 && answer?["Media-Id"] == nil)
        }
        #expect(try client.headUpload(parts[0])["Upload-Concat"] == "partial")
        let missing = try client.createUpload(
            nil, ["Upload-Concat": "final;\(parts[0]) /v1/uploads/c000000000000000000000000"])
        missing.expectProblem(404)
        let final = try client.createUpload(nil, ["Upload-Concat": "final;\(parts.joined(separator: " "))"])
        #expect(final.status == 201 && final["Upload-Length"] == "900000")
        #expect(try client.uploadedFile(final) == bytes)
        let head = try client.headUpload(try #require(final["Location"]))
        #expect(head["Upload-Concat"]?.hasPrefix("final;/v1/uploads/") == true && head["Upload-Offset"] == "900000")
        // The parts are used up.
        try client.get(parts[0]).expectProblem(404)
    }

    @Test("what is wrong is said, and leaves nothing")
    func refused() throws {
        try client.createUpload(10, ["Tus-Resumable": "0.2.2"]).expectProblem(412, "tus_version")
        try instance.anonymous.createUpload(10).expectProblem(401)
        try client.createUpload(nil).expectProblem(400, field: "Upload-Length")
        try client.createUpload(10, ["Upload-Defer-Length": "1"]).expectProblem(400, field: "Upload-Length")
        try client.createUpload(0).expectProblem(400, field: "Upload-Length", reason: "empty")
        try client.createUpload(6 << 30).expectProblem(413, "too_large", field: "Upload-Length")
        try client.createUpload(10, name: "a/b").expectProblem(400, field: "filename")
        try client.createUpload(10, more: ["isPublic": "maybe"]).expectProblem(400, field: "isPublic")
        for metadata in ["filename ???", "filename YQ==,filename Yg==", "a b c", ",", "filename /w=="] {
            try client.createUpload(10, ["Upload-Metadata": metadata]).expectProblem(
                400, field: "Upload-Metadata", "\(metadata)")
        }
        for concat in ["final", "final;", "final; x", "half", "final;/v1/uploads/c0 /v1/uploads/c0"] {
            try client.createUpload(nil, ["Upload-Concat": concat]).expectProblem(400, field: "Upload-Concat")
        }
        let url = try client.beginUpload(10)
        try client.patchUpload(url, at: 0, [1], ["Content-Type": "text/plain"]).expectProblem(415)
        try client.patchUpload(url, at: 0, [1], ["Upload-Offset": "-1"]).expectProblem(400, field: "Upload-Offset")
        try client.patchUpload(url, at: 0, [1], ["Upload-Offset": ""]).expectProblem(400, field: "Upload-Offset")
        try client.get("/v1/uploads/c000000000000000000000000").expectProblem(404)
        try client.get("/v1/uploads/../x").expectProblem(404)
        let put = try client.send("PUT", url)
        put.expectProblem(405)
        #expect(put["Allow"]?.contains("PATCH") == true)
    }

    @Test("a file that isn't accepted is refused at its end, and the upload says so from then on")
    func type() throws {
        let bytes = Array("<html><script>alert(1)</script></html>".utf8)
        let url = try client.beginUpload(bytes.count, name: "a.png")
        try client.patchUpload(url, at: 0, bytes).expectProblem(415, "unsupported_media_type")
        #expect(try client.headUpload(url).status == 415)
        #expect(try client.get(url).json.text("status") == "FAILED")
        #expect(try client.get(url).json["failure"]?.text("code") == "unsupported_media_type")
        let id = String(try #require(url.split(separator: "/").last))
        #expect(!instance.folders.files("partial").contains(id))
    }
}
