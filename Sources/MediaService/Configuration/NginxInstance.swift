import Glibc

/// The part of nginx's configuration that follows from the settings; all else is the same everywhere.
package struct NginxInstance {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let configuration: Configuration

    package init(_ configuration: Configuration) {
        self.configuration = configuration
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
            \(reusesDecisions ? decisions : "")
            """
    }

    private var reusesDecisions: Bool { configuration.number(.decisionCache) > 0 }

    private var decisions: String {
        """
        # The keys of decisions hold tokens, so their files lie where only the service's user gets.
        fastcgi_cache_path \(configuration.text(.runDirectory))/decisions levels=1:2 keys_zone=media_decisions:10m
            max_size=64m inactive=60s use_temp_path=off;
        map $media_file $media_no_file {
            default /_problem/500;
            "" /_problem/404;
        }

        """
    }

    /// What stands inside the server.
    package var server: String {
        let store = configuration.text(.storeDirectory)
        let listen = configuration.text(.listen)
        let timeout = configuration.number(.clientTimeout)
        var lines = [
            "# Written by 'mediad nginx'; changes are lost.",
            "listen \(listen)\(usesTLS ? " ssl http2" : "");",
            "set $media_store \(store);",
            "client_body_temp_path \(store)/incoming;",
            "client_max_body_size \(PatchMedia.bodyLimit(configuration));",
            // nginx takes a field as long as one of four buffers, and as many as fit into all of them.
            "large_client_header_buffers 4 \(max(configuration.number(.headerBytes) / 4, 4096));",
            "client_body_timeout \(timeout)s;",
            "client_header_timeout \(timeout)s;",
            "send_timeout \(timeout)s;",
            "fastcgi_read_timeout \(configuration.number(.apiTimeout) + 10)s;",
            "access_log \(configuration.text(.accessLog)) media_json;",
        ]
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

    /// The locations of requests for many files at once, whose bodies are longer than others'.
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

        """
    }

    /// The locations of permalinks where decisions are reused.
    package var delivery: String {
        """
        # Written by 'mediad nginx'; changes are lost.
        include media/\(reusesDecisions ? "delivery-cached" : "delivery-direct").conf;

        """
    }

    package func write(to folder: String) throws(Failure) {
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw failure(folder) }
        let files = [
            ("http", http), ("server", server), ("upload", upload), ("batch", batch), ("delivery", delivery),
        ]
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
