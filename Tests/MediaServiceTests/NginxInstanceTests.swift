import Foundation
import MediaService
import MediaTesting
import Testing

struct NginxInstanceTests {
    private func instance(_ more: [String: String] = [:]) throws -> NginxInstance {
        let settings = ["MEDIA_STORE_DIR": "/srv/store", "MEDIA_RUN_DIR": "/run/m", "MEDIA_ACCESS_LOG": "/log/a"]
        return try NginxInstance(try Configuration(environment: settings.merging(more) { $1 }))
    }

    @Test("paths, limits and times follow from the settings")
    func values() throws {
        let instance = try instance([
            "MEDIA_UPLOAD_MAX_BYTES": "7M", "MEDIA_UPLOAD_TIMEOUT": "100", "MEDIA_API_TIMEOUT": "20",
            "MEDIA_CLIENT_TIMEOUT": "9", "MEDIA_LISTEN": "127.0.0.1:81",
        ])
        #expect(instance.http.contains("server unix:/run/m/api.sock max_fails=0;"))
        #expect(instance.http.contains("server unix:/run/m/upload.sock max_fails=0;"))
        for line in [
            "listen 127.0.0.1:81;", "server_name localhost;", "set $media_store /srv/store;",
            "client_body_temp_path /srv/store/incoming;",
            "client_body_timeout 9s;", "client_header_timeout 9s;", "send_timeout 9s;", "fastcgi_read_timeout 30s;",
            "access_log /log/a media_json;",
        ] {
            #expect(instance.server.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(instance.upload.contains("client_max_body_size 7340032;"))
        #expect(instance.upload.contains("fastcgi_read_timeout 110s;"))
        #expect(!instance.server.contains("ssl"))
    }

    @Test("limits on requests, and nothing of them where they are switched off")
    func limits() throws {
        let off = try instance([
            "MEDIA_ADDRESS_RATE": "0", "MEDIA_KEY_RATE": "0", "MEDIA_ADDRESS_REQUESTS": "0",
        ])
        for text in ["limit_req zone", "limit_req_zone", "limit_conn media", "limit_conn_zone", "real_ip"] {
            #expect(!off.http.contains(text) && !off.server.contains(text), "\(text)")
        }
        let on = try instance([
            "MEDIA_ADDRESS_RATE": "7", "MEDIA_KEY_RATE": "30", "MEDIA_RATE_BURST": "2", "MEDIA_ADDRESS_REQUESTS": "9",
            "MEDIA_TRUSTED_PROXIES": "192.0.2.0/24,::1",
        ])
        #expect(
            on.http.contains("zone=media_address:10m rate=7r/s;") && on.http.contains("zone=media_key:10m rate=30r/s;"))
        for line in [
            "limit_req zone=media_address burst=14 nodelay;", "limit_req zone=media_key burst=60 nodelay;",
            "limit_conn media_requests 9;", "set_real_ip_from 192.0.2.0/24;", "set_real_ip_from ::1;",
            "real_ip_header X-Forwarded-For;",
        ] {
            #expect(on.server.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
    }

    @Test(
        "the name of the server is the public URL's host",
        arguments: [
            ("https://media.example.org", "media.example.org"),
            ("https://media.example.org:8443/a", "media.example.org"),
            ("http://[2001:db8::1]:80", "[2001:db8::1]"),
        ])
    func serverName(url: String, name: String) throws {
        let lines = try instance(["MEDIA_PUBLIC_URL": url]).server.split(separator: "\n")
        #expect(lines.contains("server_name \(name);"))
    }

    @Test("requests for many files have the room that their settings need")
    func batch() throws {
        let batch = try instance(["MEDIA_LINK_MAX_BATCH": "100", "MEDIA_BULK_MAX_ITEMS": "10"]).batch
        #expect(batch.contains("location = /v1/links {\n    client_max_body_size \(100 * 2048 + 16384);"))
        #expect(batch.contains("location = /v1/media/bulk {\n    client_max_body_size \(10 * 4096 + 65536 + 16384);"))
    }

    @Test("TLS where there is a certificate")
    func tls() throws {
        let server = try instance(["MEDIA_TLS_CERTIFICATE": "/c.pem", "MEDIA_TLS_KEY": "/k.pem"]).server
        #expect(server.contains("listen 8080 ssl http2;"))
        #expect(server.contains("ssl_certificate /c.pem;") && server.contains("ssl_certificate_key /k.pem;"))
        #expect(server.contains("include media/tls.conf;"))
    }

    @Test("the files are written, also again, and a folder that can't be made is named")
    func write() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/instance"
        for _ in 0..<2 { try instance().write(to: path) }
        #expect(try String(contentsOfFile: "\(path)/upload.conf", encoding: .utf8) == instance().upload)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
                "batch.conf", "delivery.conf", "http.conf", "message.conf", "public-limit.conf", "public.conf",
                "server.conf",
                "stores.conf", "upload.conf",
            ])
        let failure = #expect(throws: NginxInstance.Failure.self) { try instance().write(to: "\(folder.path)/a/b") }
        #expect(failure?.description == "\(folder.path)/a/b: No such file or directory")
    }
}
