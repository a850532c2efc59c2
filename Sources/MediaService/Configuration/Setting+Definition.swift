extension Setting {
    /// What the table says of a setting.
    package struct Definition: Sendable {
        package let form: SettingForm
        /// Empty where the setting has no value unless one is given.
        package let defaultText: String
        package let summary: String
        package var isSecret = false
    }

    package var definition: Definition {
        switch self {
        case .publicURL:
            Definition(form: .url, defaultText: "http://localhost:8080", summary: "Where clients reach the service.")
        case .storeDirectory:
            Definition(form: .path, defaultText: "/var/lib/media-service/store", summary: "The store's folder.")
        case .storesFile:
            Definition(
                form: .path, defaultText: "",
                summary:
                    "JSON file that describes stores elsewhere (S3, Google Cloud Storage, Azure), and what goes there.")
        case .storeLinkTime:
            Definition(
                form: .seconds(3600...604_800), defaultText: "12h",
                summary:
                    "How long a signed URL of such a store holds that nginx uses, and so a download at most; one that a client is led to holds for five minutes."
            )
        case .storeCacheBytes:
            Definition(
                form: .bytes(0...1 << 50), defaultText: "10G",
                summary: "nginx: how much of what lies in such stores is kept on this host's disk; 0: nothing.")
        case .resolver:
            Definition(
                form: .nameServers, defaultText: "",
                summary: "nginx: name servers that know the stores' hosts; those of `/etc/resolv.conf` if unset.")
        case .runDirectory:
            Definition(form: .path, defaultText: "/run/media-service", summary: "Folder of the FastCGI sockets.")
        case .htmlDirectory:
            Definition(
                form: .path, defaultText: "/usr/lib/media-service/current/nginx/html",
                summary: "nginx: folder of the pages for people and of `openapi.yaml`.")
        case .logLevel:
            Definition(
                form: .choice(["debug", "info", "warning", "error"]), defaultText: "info",
                summary: "The least important events to log.")
        case .databaseSocket:
            Definition(form: .path, defaultText: "", summary: "MariaDB's socket; used instead of host and port if set.")
        case .databaseHost:
            Definition(
                form: .hosts, defaultText: "localhost",
                summary:
                    "MariaDB's host, or those of a Galera cluster's nodes: the first that can be used is, and the next when it can't."
            )
        case .databasePort:
            Definition(
                form: .integer(1...65535), defaultText: "3306", summary: "MariaDB's port, where its host names none.")
        case .databaseUser: Definition(form: .text, defaultText: "media", summary: "MariaDB's user.")
        case .databasePassword:
            Definition(form: .text, defaultText: "", summary: "That user's password.", isSecret: true)
        case .databaseName: Definition(form: .text, defaultText: "media", summary: "The database.")
        case .databaseTLS:
            Definition(
                form: .choice(["off", "encrypted", "verified"]), defaultText: "off",
                summary: "TLS to MariaDB: `verified` also checks the server's certificate.")
        case .databaseAuthority:
            Definition(
                form: .path, defaultText: "",
                summary: "PEM file of the authority for `verified`; the system's if unset.")
        case .databaseConnectTimeout:
            Definition(form: .seconds(1...60), defaultText: "2", summary: "How long to wait for a connection.")
        case .databaseTimeout:
            Definition(form: .seconds(1...300), defaultText: "5", summary: "How long to wait for MariaDB's answer.")
        case .workers:
            Definition(form: .integer(0...256), defaultText: "0", summary: "Worker processes; 0: one for each core.")
        case .apiThreads:
            Definition(form: .integer(1...1024), defaultText: "8", summary: "Threads of a worker for short requests.")
        case .uploadThreads:
            Definition(form: .integer(1...1024), defaultText: "8", summary: "Threads of a worker for uploads.")
        case .streamThreads:
            Definition(
                form: .integer(1...4096), defaultText: "128",
                summary: "Threads of a worker for resumable uploads: each request that brings bytes has one.")
        case .streamStall:
            Definition(
                form: .seconds(0...3600), defaultText: "60",
                summary: """
                    A request of a resumable upload that brings less than 64 KiB in so long is answered with what has come, so \
                    that its thread is free; 0: never.
                    """)
        case .apiTimeout:
            Definition(
                form: .seconds(1...3600), defaultText: "60",
                summary: "A worker with a short request that runs longer is replaced.")
        case .uploadTimeout:
            Definition(
                form: .seconds(1...86400), defaultText: "900",
                summary: "A worker with an upload that takes longer to store is replaced.")
        case .drainTimeout:
            Definition(
                form: .seconds(1...3600), defaultText: "60",
                summary: "How long a worker that is to end may go on with its requests.")
        case .headerBytes:
            Definition(form: .bytes(4096...1 << 20), defaultText: "64K", summary: "All header fields of a request.")
        default: uploadDefinition
        }
    }

    private var uploadDefinition: Definition {
        switch self {
        case .uploadBytes:
            Definition(form: .bytes(1...1 << 50), defaultText: "5G", summary: "The body of one upload.")
        case .uploadFiles:
            Definition(form: .integer(1...1000), defaultText: "20", summary: "Files of one multipart upload.")
        case .uploadParts:
            Definition(
                form: .integer(1...10000), defaultText: "100",
                summary: "Parts of one multipart upload, files and fields.")
        case .imageBytes: Definition(form: .bytes(1...1 << 50), defaultText: "200M", summary: "One image.")
        case .videoBytes: Definition(form: .bytes(1...1 << 50), defaultText: "5G", summary: "One video.")
        case .audioBytes: Definition(form: .bytes(1...1 << 50), defaultText: "1G", summary: "One audio file.")
        case .documentBytes: Definition(form: .bytes(1...1 << 50), defaultText: "500M", summary: "One document.")
        case .otherBytes: Definition(form: .bytes(1...1 << 50), defaultText: "1G", summary: "One file of another kind.")
        case .allowedTypes:
            Definition(
                form: .types, defaultText: "IMAGE,VIDEO,AUDIO,DOCUMENT,OTHER",
                summary:
                    "What may be uploaded: kinds (every known type of the kind) and single types such as `text/html`.")
        case .metadataBytes:
            Definition(form: .bytes(2...16 << 20), defaultText: "64K", summary: "A record's `metadata`.")
        case .pageLimit:
            Definition(form: .integer(1...10000), defaultText: "100", summary: "The largest `limit` of a list's page.")
        case .messageBytes:
            Definition(
                form: .bytes(4096...2 << 30), defaultText: "256M",
                summary: "One message of the platform, however it comes; a Buffer takes up to four times its bytes.")
        case .messageItems:
            Definition(
                form: .integer(1...10000), defaultText: "100", summary: "The most packets of one `POST /v1/rpc`.")
        case .messageRecords:
            Definition(
                form: .integer(1...100_000), defaultText: "1000",
                summary: "The most records of an answer without pages (`media.findByEntity`).")
        case .bulkItems:
            Definition(form: .integer(1...10000), defaultText: "1000", summary: "The most operations of one request.")
        case .scanner:
            Definition(
                form: .scanner, defaultText: "",
                summary: "clamd, which looks at each file before it is stored; without it none is scanned.")
        case .scanTimeout:
            Definition(form: .seconds(1...3600), defaultText: "60s", summary: "How long each step of a scan may take.")
        case .scanUnavailable:
            Definition(
                form: .choice(["refuse", "accept"]), defaultText: "refuse",
                summary: "What becomes of a file while clamd can't be asked: `refuse` answers 503.")
        case .scanLarge:
            Definition(
                form: .choice(["refuse", "accept"]), defaultText: "accept",
                summary: "What becomes of a file that is longer than clamd's `StreamMaxLength`.")
        case .storeReserve:
            Definition(
                form: .bytes(0...1 << 50), defaultText: "256M",
                summary: "Room that stays free: an upload that would need it gets 507.")
        case .versions:
            Definition(
                form: .integer(0...1000), defaultText: "5",
                summary: "Earlier files of a record that are kept when it gets another one.")
        case .userBytes:
            Definition(
                form: .bytes(0...1 << 60), defaultText: "0",
                summary: "What one user's files may take, earlier versions and deleted ones included; 0: no limit.")
        case .userUploads:
            Definition(
                form: .integer(1...100_000), defaultText: "100",
                summary: "How many resumable uploads one user may have that are not finished.")
        case .userFiles:
            Definition(
                form: .integer(0...1 << 40), defaultText: "0",
                summary: "How many files one user may have, deleted ones included; 0: no limit.")
        case .totalBytes:
            Definition(
                form: .bytes(0...1 << 60), defaultText: "0",
                summary: "What all files together may take; 0: no limit, and uploads need not wait for their sum.")
        case .totalFiles:
            Definition(
                form: .integer(0...1 << 40), defaultText: "0", summary: "How many files there may be; 0: no limit.")
        default: accessDefinition
        }
    }

    private var accessDefinition: Definition {
        switch self {
        case .linkSecret:
            Definition(
                form: .secrets, defaultText: "",
                summary:
                    "What signed links are signed with; without it there are none. To change it, put the new one in front and keep the old one behind a comma until its links have ended.",
                isSecret: true)
        case .linkLifetime:
            Definition(form: .seconds(1...31_536_000), defaultText: "7d", summary: "The longest life of a signed link.")
        case .linkWindow:
            Definition(
                form: .seconds(1...86400), defaultText: "5m",
                summary:
                    "A link's end is rounded up to this, at most to a tenth of its life, so that who asks again gets the same URL."
            )
        case .linkBatch:
            Definition(form: .integer(1...1000), defaultText: "1000", summary: "The most links of one request.")
        case .uploadTokenLifetime:
            Definition(
                form: .seconds(1...2_592_000), defaultText: "1d",
                summary: "The longest life of an upload token, which `MEDIA_LINK_SECRET` signs, too.")
        case .decisionCache:
            Definition(
                form: .seconds(0...60), defaultText: "5",
                summary:
                    "How long nginx may reuse a decision on the same download without asking; so long a revoked right may go on. 0 and 1: never."
            )
        case .totalsKept:
            Definition(
                form: .seconds(0...3600), defaultText: "60",
                summary:
                    "How long the total of a list, or the sums of get_media_stats, may be answered without counting again where that took more than 0.1 s. 0: always counted."
            )
        case .cookieName:
            Definition(
                form: .name, defaultText: "media_token",
                summary: "The cookie that may carry a user's token for downloads.")
        default: tokenDefinition
        }
    }

    private var tokenDefinition: Definition {
        switch self {
        case .tokenSecret:
            Definition(
                form: .secrets, defaultText: "",
                summary:
                    "What users' tokens are signed with (HS256). To change it, put the new one in front and keep the old one behind a comma until its tokens have ended.",
                isSecret: true)
        case .tokenKeysFile:
            Definition(
                form: .path, defaultText: "",
                summary:
                    "JWK Set (RFC 7517) with keys of users' tokens: RS256, ES256, EdDSA, HS256; read at start and reload."
            )
        case .tokenKeysURL:
            Definition(
                form: .url, defaultText: "",
                summary:
                    "Where the issuer of users' tokens has its JWK Set: RS256, ES256, EdDSA; `http` on this host only.")
        case .tokenKeysInterval:
            Definition(
                form: .seconds(10...86400), defaultText: "5m",
                summary: "How often that set is fetched; also when a token names a key that isn't known.")
        case .tokenKeysStale:
            Definition(
                form: .seconds(60...2_592_000), defaultText: "1d",
                summary: "How long its keys hold while it can't be fetched.")
        case .tokenIssuer:
            Definition(form: .text, defaultText: "", summary: "What `iss` of users' tokens has to be; any if unset.")
        case .tokenAudience:
            Definition(
                form: .text, defaultText: "",
                summary: "What `aud` of users' tokens has to name; if unset, a token must not name any.")
        case .tokenLeeway:
            Definition(
                form: .seconds(0...300), defaultText: "30",
                summary: "By how much the clock of the tokens' issuer may differ.")
        case .tokenBytes:
            Definition(form: .bytes(512...64 << 10), defaultText: "8K", summary: "A user's token.")
        default: operationDefinition
        }
    }

    private var operationDefinition: Definition {
        switch self {
        case .housekeepingInterval:
            Definition(
                form: .seconds(1...3600), defaultText: "15",
                summary: "How often `mediad work` looks for what a crash left behind.")
        case .uploadGrace:
            Definition(
                form: .seconds(1...604_800), defaultText: "1h",
                summary: "The age at which an unfinished upload is removed.")
        case .uploadTime:
            Definition(
                form: .seconds(60...31_536_000), defaultText: "1d",
                summary: "How long a resumable upload is kept on which nobody goes on.")
        case .stagedTime:
            Definition(
                form: .seconds(60...31_536_000), defaultText: "24h",
                summary: "How long a file from `upload_file` waits for the `media.create` that names its URL.")
        case .idempotencyTime:
            Definition(
                form: .seconds(1...2_592_000), defaultText: "24h",
                summary: "How long the answer to a request with an `Idempotency-Key` is kept.")
        case .retention:
            Definition(
                form: .seconds(0...315_360_000), defaultText: "30d",
                summary: "How long a deleted record can be restored; then it is removed with its bytes.")
        case .auditRetention:
            Definition(
                form: .seconds(1...3_153_600_000), defaultText: "365d",
                summary: "How long entries of the audit log are kept.")
        default: jobDefinition
        }
    }

    var nginxDefinition: Definition {
        switch self {
        case .listen:
            Definition(
                form: .text, defaultText: "8080",
                summary: "nginx: port, or address and port, as in its `listen` directive.")
        case .tlsCertificate:
            Definition(
                form: .path, defaultText: "", summary: "nginx: PEM file of the certificate chain; no TLS if unset.")
        case .tlsKey: Definition(form: .path, defaultText: "", summary: "nginx: PEM file of the certificate's key.")
        case .clientTimeout:
            Definition(
                form: .seconds(1...3600), defaultText: "30",
                summary: "nginx: longest pause of a client that sends a request or takes an answer.")
        case .accessLog:
            Definition(
                form: .path, defaultText: "/var/log/nginx/media.log", summary: "nginx: log of all requests, in JSON.")
        default: limitDefinition
        }
    }

    private var limitDefinition: Definition {
        switch self {
        case .corsOrigins:
            Definition(
                form: .origins, defaultText: "",
                summary:
                    "nginx: origins whose pages may use the service from a browser (CORS), such as `https://learn.example.org`; `*`: all."
            )
        case .addressRate:
            Definition(
                form: .integer(0...1_000_000), defaultText: "200",
                summary:
                    "nginx: requests a second from one client address, public files apart; what is beyond gets 429. 0: no limit."
            )
        case .keyRate:
            Definition(
                form: .integer(0...1_000_000), defaultText: "1000",
                summary: "nginx: requests a second with one API key or token. 0: no limit.")
        case .rateBurst:
            Definition(
                form: .seconds(1...3600), defaultText: "5",
                summary: "nginx: as much as these rates allow in this time may come at once.")
        case .addressRequests:
            Definition(
                form: .integer(0...1_000_000), defaultText: "500",
                summary: "nginx: requests of one client address at the same time, downloads included. 0: no limit.")
        case .trustedProxies:
            Definition(
                form: .networks, defaultText: "",
                summary: "nginx: proxies or CDN in front of it, whose word on the client's address is taken.")
        case .clientAddressField:
            Definition(
                form: .fieldName, defaultText: "X-Forwarded-For",
                summary: "nginx: the header field in which those name the client's address.")
        default: preconditionFailure("\(rawValue) has no definition")
        }
    }
}
