import MediaStorage

/// The part of nginx's configuration that follows from the stores elsewhere; empty where there are none.
struct StoreLocations {
    private let configuration: Configuration
    private let stores: Stores
    private let reusesDecisions: Bool

    init(_ configuration: Configuration, _ stores: Stores, reusesDecisions: Bool) {
        self.configuration = configuration
        self.stores = stores
        self.reusesDecisions = reusesDecisions
    }

    private var keeps: Bool { configuration.number(.storeCacheBytes) > 0 }

    /// Bytes that nginx asks a store for at once.
    private static let slice = "4m"
    private static let header = "# Written by 'mediad nginx'; changes are lost.\n"

    /// What stands beside the server.
    var http: String {
        guard stores.hasOthers else { return "" }
        var lines = [
            "map $request_uri $media_requested {", "    default /;",
            "    \"~^/m/(?<media_requested_id>[0-9a-z]+(/[a-z0-9.-]+)?)\" /m/$media_requested_id;",
            "    \"~^/s/(?<media_requested_film>[0-9a-z]+)/[^/?]+(?<media_requested_part>/[a-z0-9.-]+)\" /m/$media_requested_film$media_requested_part;",
            "    \"~^/p/(?<media_requested_public>c[0-9a-z]+)/\" /_public/$media_requested_public;", "}",
            "map $request_uri $media_requested_query {", "    default '';",
            "    \"~^/s/[0-9a-z]+/(?<media_requested_link>[^/?]+)/\" $media_requested_link;",
            "    \"~^[^?]*[?](?<media_requested_rest>.*)$\" $media_requested_rest;", "}",
        ]
        if configuration.number(.addressRate) > 0 {
            lines.append(
                "limit_req_zone $binary_remote_addr zone=media_public:10m rate=\(configuration.number(.addressRate))r/s;"
            )
        }
        if !reusesDecisions {
            for name in ["type", "disposition", "cache_control", "vary"] {
                lines += ["map $host $media_file_\(name) {", "    default '';", "}"]
            }
        }
        if keeps {
            lines += [
                "proxy_cache_path \(configuration.text(.storeDirectory))/cache levels=1:2 keys_zone=media_stores:20m",
                "    max_size=\(configuration.number(.storeCacheBytes)) inactive=7d use_temp_path=off;",
            ]
        }
        for store in stores.others {
            guard let base = store.base, Self.isAddress(base.authority) else { continue }
            lines += [
                "upstream media_store_\(Self.variable(store.name)) {", "    server \(Self.server(base));",
                "    keepalive 32;",
                "    keepalive_timeout 30s;", "}",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What stands inside the server.
    var locations: String {
        guard stores.hasOthers else { return Self.header }
        var lines = ["include media/elsewhere.conf;", "location ^~ /_store/ {", "    internal;"]
        for store in stores.others {
            lines += location(store).map { "    \($0)" }
        }
        return Self.header + (lines + ["    return 404;", "}"]).joined(separator: "\n") + "\n"
    }

    /// What stands inside the location of public files.
    var publicFiles: String {
        Self.header
            + (stores.hasOthers
                ? "recursive_error_pages on;\nlog_not_found off;\nerror_page 404 = @public_elsewhere;\ninclude media/problems.conf;\n"
                : "")
    }

    /// What stands inside the location of public files that lie elsewhere, each of which costs a worker's time.
    var publicLimit: String {
        let rate = configuration.number(.addressRate)
        guard stores.hasOthers, rate > 0 else { return Self.header }
        return Self.header + "limit_req zone=media_public burst=\(rate * configuration.number(.rateBurst)) nodelay;\n"
    }

    private func location(_ store: StoreDescription) -> [String] {
        let name = store.name
        if let folder = store.folder {
            return [
                "location ~ ^/_store/\(name)/objects/(?<media_store_path>[0-9a-f/-]+)$ {",
                "    internal;", "    client_max_body_size 0;", "    set $media_store_name \(name);",
                "    alias \(folder)/objects/$media_store_path;", "    include media/file.conf;",
                "    add_header Content-Type $media_file_type;",
                "    add_header Content-Disposition $media_file_disposition;",
                "    add_header Cache-Control $media_file_cache_control;",
                "    recursive_error_pages on;", "    error_page 403 404 500 = @store_failed;", "}",
            ]
        }
        guard let base = store.base else { return [] }
        let variable = Self.variable(name)
        var lines = [
            "location ~ ^/_store/\(name)/(?<media_store_path>[A-Za-z0-9._/-]+)$ {", "    include media/store.conf;",
            "    set $media_store_name \(name);", "    proxy_set_header Host \(base.authority);",
            // Pieces that players ask for again, whatever ranges they ask for; and no store sees ranges that it doesn't know.
            "    slice \(Self.slice);", "    proxy_set_header Range $slice_range;",
        ]
        if keeps {
            lines += [
                "    proxy_cache media_stores;",
                "    proxy_cache_key \"$media_store_name/$media_store_path$slice_range\";",
                // A blob never changes.
                "    proxy_cache_valid 200 206 30d;", "    proxy_cache_lock on;",
            ]
        } else {
            // Of what nginx doesn't keep the store says whether it is still the same.
            lines.append("    proxy_set_header If-None-Match $http_if_none_match;")
        }
        if base.scheme == "https" {
            let host = base.authority.split(separator: ":").first ?? ""
            lines += [
                "    proxy_ssl_server_name on;", "    proxy_ssl_name \(host);", "    proxy_ssl_verify on;",
                "    proxy_ssl_verify_depth 5;", "    proxy_ssl_session_reuse on;",
                "    proxy_ssl_trusted_certificate \(store.authority ?? "/etc/ssl/certs/ca-certificates.crt");",
            ]
        }
        if Self.isAddress(base.authority) {
            lines.append("    proxy_pass \(base.scheme)://media_store_\(variable)/$media_store_path$is_args$args;")
        } else {
            // Looked up again and again, as providers' addresses change by the minute.
            lines += [
                "    resolver \(resolvers) valid=30s;", "    resolver_timeout 5s;",
                "    set $media_store_host \(base.authority);",
                "    proxy_pass \(base.scheme)://$media_store_host/$media_store_path$is_args$args;",
            ]
        }
        return lines + ["}"]
    }

    private var resolvers: String {
        let given = configuration.list(.resolver)
        let found = Program.lines(of: "/etc/resolv.conf").filter { $0.hasPrefix("nameserver") }
            .compactMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first.map(String.init) }
        let all = (given.isEmpty ? found : given).compactMap(SettingForm.nameServer)
        return all.isEmpty ? "127.0.0.1" : all.joined(separator: " ")
    }

    private static func variable(_ name: String) -> String { name.replacing("-", with: "_") }

    /// Whether a host is known without looking it up.
    private static func isAddress(_ authority: String) -> Bool {
        let host = authority.split(separator: ":").first ?? ""
        return authority.hasPrefix("[") || host == "localhost"
            || host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    }

    private static func server(_ base: ObjectURL) -> String {
        let hasPort = base.authority.hasPrefix("[") ? base.authority.contains("]:") : base.authority.contains(":")
        return hasPort ? base.authority : "\(base.authority):\(base.scheme == "https" ? 443 : 80)"
    }
}
