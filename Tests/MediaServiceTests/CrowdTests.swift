import Glibc
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Very many clients at the same moment.
@Suite(.serialized) struct CrowdTests {
    @Test("a thousand at once on a link for ten: ten downloads, each whole", arguments: ["0", "5"])
    func counted(decisions: String) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

        let instance = try ServiceInstance(settings: ["MEDIA_DECISION_CACHE": decisions])
        let client = try instance.client()
        let bytes = Samples.mp4("crowd", size: 20_000)
        let id = try client.upload(bytes, name: "a.mp4", user: "crowd").id
        let link = try client.post(
            "/v1/media/\(id)/links", headers: ["Content-Type": "application/json"],
            .text(#"{"expiresIn":600,"maxUses":10}"#))
        let path = link.json.text("url").dropFirst(instance.baseURL.count)
        let connections = try (0..<1000).map { _ in try RawConnection(port: instance.port, timeout: 60) }
        for connection in connections {
            try connection.send("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        }
        let answers = try connections.map { try $0.response() }
        #expect(answers.count { $0.status == 200 && $0.body == bytes } == 10)
        #expect(answers.count { $0.status == 403 && $0.json.text("code") == "link_used_up" } == 990)
        let listed = try instance.connection().query("SELECT uses FROM signed_links") {
            (row) throws(MariaDBError) in try row.integer(0)
        }
        #expect(listed == [10])
    }
}
