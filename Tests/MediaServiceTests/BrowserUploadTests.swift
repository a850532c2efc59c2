import Foundation
import MediaCore
import MediaTesting
import Testing

/// A page of the platform that uploads a video in pieces from a real browser, with an upload token.
struct BrowserUploadTests {
    private let folder: TemporaryFolder
    private let pages: [ChildProcess]
    private let origins: [String]
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let ports = try [Port.free(), Port.free()]
        pages = try ports.map { port in
            try ChildProcess(
                "python3", ["-u", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", folder.path],
                output: "\(folder.path)/log")
        }
        origins = ports.map { "http://localhost:\($0)" }
        for origin in origins {
            try #require(eventually { (try? HTTPClient(baseURL: origin).get("/"))?.status == 200 })
        }
        instance = try ServiceInstance(settings: ["MEDIA_CORS_ORIGINS": origins[0]])
        client = try instance.client()
    }

    /// The same bytes as the page makes.
    private static let bytes: [UInt8] = {
        var bytes = Samples.mp4("", size: 64)
        for index in bytes.count..<3_000_000 { bytes.append(UInt8(truncatingIfNeeded: index * 7 + index / 1000)) }
        return bytes
    }()

    private func page(_ token: String) -> String {
        let start = Self.bytes.prefix(64).map(String.init).joined(separator: ",")
        return """
            <!DOCTYPE html><title>uploading</title><script>
            (async () => {
              const bytes = new Uint8Array(\(Self.bytes.count));
              bytes.set([\(start)]);
              for (let i = 64; i < bytes.length; i++) bytes[i] = i * 7 + Math.floor(i / 1000);
              const head = { Authorization: 'Bearer \(token)', 'Tus-Resumable': '1.0.0' };
              const created = await fetch('\(instance.baseURL)/v1/uploads', { method: 'POST', headers: {
                ...head, 'Upload-Length': bytes.length, 'Upload-Metadata': 'filename ' + btoa('page.mp4') } });
              const url = created.headers.get('Location');
              for (let turn = 0; turn < 50; turn++) {
                const where = await fetch(url, { method: 'HEAD', headers: head });
                if (where.headers.get('Media-Id')) { document.title = where.headers.get('Media-Id'); return; }
                const offset = Number(where.headers.get('Upload-Offset')), broken = new AbortController();
                // Every other request is broken off by the page.
                if (turn % 2) setTimeout(() => broken.abort(), 1);
                await fetch(url, { method: 'PATCH', signal: broken.signal, body: bytes.slice(offset, offset + 400000), headers: {
                  ...head, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream' } }).catch(() => {});
              }
            })().catch((error) => { document.title = 'failed: ' + error; });
            </script>
            """
    }

    @Test("the page that may has its video in; one of another origin gets nowhere")
    func uploads() throws {
        let answer = try client.json("POST", "/v1/upload-tokens", #"{"userId":"olga","types":"VIDEO"}"#)
        _ = try folder.file("upload.html", Array(page(answer.json.text("token")).utf8))
        let browser = try Browser()
        try browser.open("\(origins[0])/upload.html")
        #expect(try eventually(within: 30) { try browser.run("return document.title").string != "uploading" })
        let id = try browser.run("return document.title").string ?? ""
        #expect(MediaID(id) != nil, "\(id)")
        #expect(try client.get("/m/\(id)").body == Self.bytes)
        #expect(try client.get("/v1/media/\(id)").json.text("userId") == "olga")
        try browser.open("\(origins[1])/upload.html")
        #expect(
            try eventually(within: 30) { try browser.run("return document.title").string?.hasPrefix("failed") == true })
        #expect(try client.get("/v1/users/olga/media").json["total"] == .integer(1))
    }
}
