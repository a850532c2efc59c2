import Glibc

/// The part of nginx's configuration that follows from the settings; all else is the same everywhere.
package struct NginxInstance {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let configuration: Configuration
    private let stores: Stores

    package init(_ configuration: Configuration) throws(Configuration.Failure) {
        self.configuration = configuration
        stores = try Stores(configuration)
    }

    private var usesTLS: Bool { configuration.optionalText(.tlsCertificate) != nil }

    /// What stands beside the server: upstreams and paths.
    package var http: String {
        let sockets = configuration.text(.runDirectory)
        return """
            # Written by 'mediad nginx'; changes are lost.
            map $cookie_\(configuration.text(.cookieName)) $media_token {
                default $cookie_\(configuration.text(.cookieName));
            }
            upstream media_api {
                # Twice the same, so that a request which failed with its worker is tried on another one.
                server unix:\(sockets)/api.sock max_fails=0;
                server unix:\(sockets)/api.sock max_fails=0;
                include media/upstream.conf;
            }
            upstream media_upload {
                server unix:\(sockets)/upload.sock max_fails=0;
                include media/upstream.conf;
            }
            upstream media_stream {
                server unix:\(sockets)/stream.sock max_fails=0;
                include media/upstream.conf;
            }
            \(cors)
            \(zones)
            \(reusesDecisions ? decisions : "")
            \(StoreLocations(configuration, stores, reusesDecisions: reusesDecisions).http)
            """
    }

    /// Whose pages may use the service. Without any, each of these is empty, and its field isn't sent.
    private var cors: String {
        let origins = configuration.list(.corsOrigins)
        var lines = ["map $http_origin $media_cors {", "    default \(origins == ["*"] ? "*" : "''");"]
        if origins != ["*"] { lines += origins.map { "    \"\($0)\" $http_origin;" } }
        lines += ["}", "map $media_cors $media_cors_vary {", "    default \(origins.isEmpty ? "''" : "Origin");", "}"]
        return lines.joined(separator: "\n")
    }

    /// What requests are counted by. A request that nginx passes on within itself is counted once.
    private var zones: String {
        var lines: [String] = []
        if configuration.number(.addressRate) > 0 {
            lines += [
                "# Public files are nginx's alone.",
                "map $media_public_name $media_counted_address {",
                "    '' $binary_remote_addr;",
                "    default '';",
                "}",
                "limit_req_zone $media_counted_address zone=media_address:10m rate=\(configuration.number(.addressRate))r/s;",
            ]
        }
        if configuration.number(.keyRate) > 0 {
            lines += [
                "# Of a key or token the end, which nobody else can know; so they all take the same little room.",
                "map $http_authorization $media_shown_key {",
                "    '' $media_token;",
                "    default $http_authorization;",
                "}",
                "map $media_shown_key $media_counted_key {",
                // One step to the end and one look back: whatever a client sends costs little.
                "    \"~^.*(?<=(?<media_key_end>.{64}))$\" $media_key_end;",
                "    default $media_shown_key;",
                "}",
                "limit_req_zone $media_counted_key zone=media_key:10m rate=\(configuration.number(.keyRate))r/s;",
            ]
        }
        if configuration.number(.addressRequests) > 0 {
            lines.append("limit_conn_zone $binary_remote_addr zone=media_requests:10m;")
        }
        return lines.joined(separator: "\n")
    }

    private var limits: [String] {
        var lines = ["limit_req_status 429;", "limit_conn_status 429;"]
        let seconds = configuration.number(.rateBurst)
        for (setting, zone) in [(Setting.addressRate, "media_address"), (.keyRate, "media_key")] {
            let rate = configuration.number(setting)
            if rate > 0 { lines.append("limit_req zone=\(zone) burst=\(rate * seconds) nodelay;") }
        }
        let requests = configuration.number(.addressRequests)
        if requests > 0 { lines.append("limit_conn media_requests \(requests);") }
        return lines
    }

    /// Whose address a request comes from. With `recursive` it is the last one that no trusted proxy has: what stands before it
    /// in the field, anybody may have written.
    private var clientAddress: [String] {
        let proxies = configuration.list(.trustedProxies)
        if proxies.isEmpty { return [] }
        return proxies.map { "set_real_ip_from \($0);" }
            + ["real_ip_header \(configuration.text(.clientAddressField));", "real_ip_recursive on;"]
    }

    private var reusesDecisions: Bool { configuration.number(.decisionCache) > 0 }

    private var decisions: String {
        """
        # The keys of decisions hold tokens, so their files lie where only the service's user gets.
        fastcgi_cache_path \(configuration.text(.runDirectory))/decisions levels=1:2 keys_zone=media_decisions:10m
            max_size=64m inactive=60s use_temp_path=off;
        map $media_file $media_no_file {
            # Gone since, or the service's fault: the worker knows.
            default @permalink;
            "" /_problem/404;
        }
        # Links that look at the client's address or are counted: such an answer is never kept, so none is looked for.
        map $media_query $media_decides_anew {
            default 0;
            "" 0;
            "~(^|&)[nu]=" 1;
        }

        """
    }

    /// The host that clients name: behind the scheme and its two slashes, before the port.
    private var host: Substring {
        let authority = configuration.text(.publicURL).split(separator: "/").dropFirst().first ?? ""
        return authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
    }

    /// What stands inside the server.
    package var server: String {
        let store = configuration.text(.storeDirectory)
        let listen = configuration.text(.listen)
        let timeout = configuration.number(.clientTimeout)
        var lines = [
            "# Written by 'mediad nginx'; changes are lost.",
            "listen \(listen)\(usesTLS ? " ssl http2" : "");",
            "server_name \(host);",
            "set $media_store \(store);", "set $media_html \(configuration.text(.htmlDirectory));",
            "set $media_errors \(configuration.text(.publicURL))/docs/errors;",
            "client_body_temp_path \(store)/incoming;",
            "client_max_body_size \(PatchMedia.bodyLimit(configuration));",
            // nginx takes a field as long as one of four buffers, and as many as fit into all of them.
            "large_client_header_buffers 4 \(max(configuration.number(.headerBytes) / 4, 4096));",
            "client_body_timeout \(timeout)s;",
            "client_header_timeout \(timeout)s;",
            "send_timeout \(timeout)s;",
            "fastcgi_read_timeout \(configuration.number(.apiTimeout) + 10)s;",
            // An answer's header fields may repeat a long query, and a decision's stand in the buffer behind its key, which
            // holds the query and the token. Buffers are taken as they are needed.
            "fastcgi_buffer_size \(configuration.number(.headerBytes) + 16384);",
            "fastcgi_buffers 4 \(configuration.number(.headerBytes) + 16384);",
            "access_log \(configuration.text(.accessLog)) media_json;",
        ]
        if !configuration.list(.corsOrigins).isEmpty {
            lines += ["if ($media_preflight) {", "    rewrite ^ /_preflight last;", "}"]
        }
        lines += limits + clientAddress
        if let certificate = configuration.optionalText(.tlsCertificate) {
            lines += [
                "ssl_certificate \(certificate);", "ssl_certificate_key \(configuration.text(.tlsKey));",
                "include media/tls.conf;",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What stands inside the locations that take uploads.
    package var upload: String {
        """
        # Written by 'mediad nginx'; changes are lost.
        client_max_body_size \(configuration.number(.uploadBytes));
        fastcgi_read_timeout \(configuration.number(.uploadTimeout) + 10)s;

        """
    }

    /// The locations of requests whose bodies are longer than others'.
    package var batch: String {
        """
        # Written by 'mediad nginx'; changes are lost.
        location = /v1/links {
            client_max_body_size \(Links.bodyLimit(configuration));
            include media/api.conf;
        }
        location = /v1/media/bulk {
            client_max_body_size \(BulkMedia.bodyLimit(configuration));
            include media/api.conf;
        }
        location ~ ^/v1/media/[0-9a-z]+/captions/[A-Za-z0-9-]+$ {
            client_max_body_size \(Captions.limit);
            include media/api.conf;
        }

        """
    }

    /// What stands inside the locations that take messages.
    package var message: String {
        """
        # Written by 'mediad nginx'; changes are lost.
        client_max_body_size \(configuration.number(.messageBytes));

        """
    }

    /// The locations of permalinks where decisions are reused.
    package var delivery: String {
        """
        # Written by 'mediad nginx'; changes are lost.
        include media/\(reusesDecisions ? "delivery-cached" : "delivery-direct").conf;

        """
    }

    /// All of it, by file.
    var files: [(name: String, text: String)] {
        [
            ("http", http), ("server", server), ("upload", upload), ("batch", batch), ("message", message),
            ("delivery", delivery),
            ("stores", StoreLocations(configuration, stores, reusesDecisions: reusesDecisions).locations),
            ("public", StoreLocations(configuration, stores, reusesDecisions: reusesDecisions).publicFiles),
            ("public-limit", StoreLocations(configuration, stores, reusesDecisions: reusesDecisions).publicLimit),
        ]
    }

    package func write(to folder: String) throws(Failure) {
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw failure(folder) }
        for (name, text) in files {
            let path = "\(folder)/\(name).conf"
            guard let file = fopen(path, "w") else { throw failure(path) }
            let isWritten = fputs(text, file) >= 0
            guard fclose(file) == 0, isWritten else { throw failure(path) }
        }
    }

    private func failure(_ path: String) -> Failure {
        Failure(description: "\(path): \(String(cString: strerror(errno)))")
    }
}
