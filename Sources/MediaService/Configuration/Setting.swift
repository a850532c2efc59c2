/// One row of the table of settings: its name, what it means, what form it has and what holds where it isn't set.
///
/// Everything else follows from this table: validation, `mediad config`, its help and the README's table.
package enum Setting: String, CaseIterable, Sendable {
    case publicURL = "MEDIA_PUBLIC_URL"
    case storeDirectory = "MEDIA_STORE_DIR"
    case runDirectory = "MEDIA_RUN_DIR"
    case logLevel = "MEDIA_LOG_LEVEL"

    case databaseSocket = "MEDIA_DATABASE_SOCKET"
    case databaseHost = "MEDIA_DATABASE_HOST"
    case databasePort = "MEDIA_DATABASE_PORT"
    case databaseUser = "MEDIA_DATABASE_USER"
    case databasePassword = "MEDIA_DATABASE_PASSWORD"
    case databaseName = "MEDIA_DATABASE_NAME"
    case databaseTLS = "MEDIA_DATABASE_TLS"
    case databaseAuthority = "MEDIA_DATABASE_CA"
    case databaseConnectTimeout = "MEDIA_DATABASE_CONNECT_TIMEOUT"
    case databaseTimeout = "MEDIA_DATABASE_TIMEOUT"

    case workers = "MEDIA_WORKERS"
    case apiThreads = "MEDIA_API_THREADS"
    case uploadThreads = "MEDIA_UPLOAD_THREADS"
    case apiTimeout = "MEDIA_API_TIMEOUT"
    case uploadTimeout = "MEDIA_UPLOAD_TIMEOUT"
    case drainTimeout = "MEDIA_DRAIN_TIMEOUT"
    case headerBytes = "MEDIA_HEADER_MAX_BYTES"

    case uploadBytes = "MEDIA_UPLOAD_MAX_BYTES"
    case uploadFiles = "MEDIA_UPLOAD_MAX_FILES"
    case uploadParts = "MEDIA_UPLOAD_MAX_PARTS"
    case imageBytes = "MEDIA_IMAGE_MAX_BYTES"
    case videoBytes = "MEDIA_VIDEO_MAX_BYTES"
    case audioBytes = "MEDIA_AUDIO_MAX_BYTES"
    case documentBytes = "MEDIA_DOCUMENT_MAX_BYTES"
    case otherBytes = "MEDIA_OTHER_MAX_BYTES"
    case allowedTypes = "MEDIA_ALLOWED_TYPES"
    case metadataBytes = "MEDIA_METADATA_MAX_BYTES"
    case pageLimit = "MEDIA_PAGE_MAX_LIMIT"
    case storeReserve = "MEDIA_STORE_RESERVE_BYTES"

    case linkSecret = "MEDIA_LINK_SECRET"
    case linkLifetime = "MEDIA_LINK_MAX_LIFETIME"
    case linkWindow = "MEDIA_LINK_WINDOW"
    case linkBatch = "MEDIA_LINK_MAX_BATCH"
    case decisionCache = "MEDIA_DECISION_CACHE"
    case cookieName = "MEDIA_COOKIE"

    case tokenSecret = "MEDIA_JWT_SECRET"
    case tokenKeysFile = "MEDIA_JWT_KEYS_FILE"
    case tokenKeysURL = "MEDIA_JWT_KEYS_URL"
    case tokenKeysInterval = "MEDIA_JWT_KEYS_INTERVAL"
    case tokenKeysStale = "MEDIA_JWT_KEYS_STALE"
    case tokenIssuer = "MEDIA_JWT_ISSUER"
    case tokenAudience = "MEDIA_JWT_AUDIENCE"
    case tokenLeeway = "MEDIA_JWT_LEEWAY"
    case tokenBytes = "MEDIA_JWT_MAX_BYTES"

    case housekeepingInterval = "MEDIA_HOUSEKEEPING_INTERVAL"
    case uploadGrace = "MEDIA_UPLOAD_GRACE"
    case retention = "MEDIA_RETENTION"

    case listen = "MEDIA_LISTEN"
    case tlsCertificate = "MEDIA_TLS_CERTIFICATE"
    case tlsKey = "MEDIA_TLS_KEY"
    case clientTimeout = "MEDIA_CLIENT_TIMEOUT"
    case accessLog = "MEDIA_ACCESS_LOG"

    package var name: String { rawValue }
}
