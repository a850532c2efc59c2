import MediaCore
import MediaTesting
import Testing

/// Where files may be fetched from.
struct ImportNetworkTests {
    @Test("no way into this host or its network: by address, by name, by redirect")
    func privateNetworks() throws {
        let instance = try ServiceInstance(
            settings: ["MEDIA_IMPORT_NETWORKS": "127.0.0.2", "MEDIA_JOBS_PER_USER": "20"], keepsHouse: true)
        let client = try instance.client()
        let server = try FileServer(Array("private".utf8))
        let urls = [
            server.url(), "http://localhost:\(server.port)/", "http://[::1]:\(server.port)/",
            "http://[::ffff:127.0.0.1]:\(server.port)/", "http://0.0.0.0:\(server.port)/",
            "http://2130706433:\(server.port)/",
            "http://0x7f000001:\(server.port)/", "http://127.1:\(server.port)/",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/", "http://[fd00::1]/", "http://[fe80::1]/", "http://[64:ff9b::7f00:1]/",
        ]
        let ids = try urls.map { url in
            let answer = try client.json("POST", "/v1/imports", #"{"url":"\#(url)","userId":"u"}"#)
            try #require(answer.status == 202, "\(url) \(answer.text)")
            return answer.json.id
        }
        for (url, id) in zip(urls, ids) {
            #expect(eventually { (try? client.get("/v1/imports/\(id)").json)?.text("status") == "FAILED" }, "\(url)")
            let failure = try client.get("/v1/imports/\(id)").json["failure"]
            #expect(
                failure?.text("detail").contains("address is none that may be asked") ?? false,
                "\(url) \(failure?.text ?? "")")
        }
        #expect(server.requests.isEmpty)
    }

    @Test("a redirect from a host that may be asked doesn't lead to one that may not")
    func redirects() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_IMPORT_NETWORKS": "127.0.0.1"], keepsHouse: true)
        let client = try instance.client()
        let server = try FileServer(Samples.text("redirects"))
        let url = server.url("to=http://127.0.0.2:\(server.port)/")
        let id = try client.json("POST", "/v1/imports", #"{"url":"\#(url)","userId":"u"}"#).json.id
        #expect(eventually { (try? client.get("/v1/imports/\(id)").json)?.text("status") == "FAILED" })
        #expect(server.requests.count == 1)
    }
}
