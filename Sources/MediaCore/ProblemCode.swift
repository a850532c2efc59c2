/// What kinds of failures there are. The catalogue of errors is made of this table.
package enum ProblemCode: String, CaseIterable, Sendable {
    case invalidRequest = "invalid_request"
    case digestMismatch = "digest_mismatch"
    case unauthenticated
    case forbidden
    case linkExpired = "link_expired"
    case linkRevoked = "link_revoked"
    case linkUsedUp = "link_used_up"
    case linkWrongNetwork = "link_wrong_network"
    case notFound = "not_found"
    case notStaged = "not_staged"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case notReady = "not_ready"
    case wrongStatus = "wrong_status"
    case referenced
    case currentVersion = "current_version"
    case outside
    case storedHere = "stored_here"
    case alreadyAdopted = "already_adopted"
    case idempotencyInProgress = "idempotency_in_progress"
    case offsetMismatch = "offset_mismatch"
    case uploadExpired = "upload_expired"
    case uploadLocked = "upload_locked"
    case checksumMismatch = "checksum_mismatch"
    case tooManyUploads = "too_many_uploads"
    case tusVersion = "tus_version"
    case lengthRequired = "length_required"
    case preconditionFailed = "precondition_failed"
    case tooLarge = "too_large"
    case quotaExceeded = "quota_exceeded"
    case answerTooLong = "answer_too_long"
    case uriTooLong = "uri_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case infected
    case rangeNotSatisfiable = "range_not_satisfiable"
    case idempotencyKeyReused = "idempotency_key_reused"
    case tooManyRequests = "too_many_requests"
    case headerTooLarge = "header_too_large"
    case internalError = "internal_error"
    case notImplemented = "not_implemented"
    case linksSwitchedOff = "links_switched_off"
    case unavailable
    case outcomeUnknown = "outcome_unknown"
    case uploadFailed = "upload_failed"
    case directUnavailable = "direct_unavailable"
    case uploadIncomplete = "upload_incomplete"
    case importFailed = "import_failed"
    case httpVersion = "http_version"
    case insufficientStorage = "insufficient_storage"
    case totalQuotaExceeded = "total_quota_exceeded"

    /// What is said of a kind of failure.
    package struct Entry: Sendable {
        /// The HTTP status (RFC 9110 §15). nginx says `unavailable` and `outcome_unknown` with 502 and 504, too.
        package let status: Int
        /// In a few words, the same each time (RFC 9457 §3.1.3).
        package let title: String
        package let cause: String
        package let mend: String

        fileprivate init(_ status: Int, _ title: String, cause: String, mend: String) {
            self.status = status
            self.title = title
            self.cause = cause
            self.mend = mend
        }
    }

    package var entry: Entry {
        switch self {
        case .invalidRequest:
            Entry(
                400, "Invalid request",
                cause:
                    "Something in the path, the query, a header field or the body doesn't have the form that it needs.",
                mend: "`errors` names each field and what is wrong with it. Sent again as it is, it fails again.")
        case .digestMismatch:
            Entry(
                400, "Digest mismatch",
                cause:
                    "The body isn't what `Repr-Digest` or `Content-Digest` says: it was changed on its way.",
                mend: "Send it again; if it fails again, look at how the digest is made.")
        case .unauthenticated:
            Entry(
                401, "Not authenticated",
                cause: "The request shows no API key and no token, or one that is unknown, expired or revoked.",
                mend:
                    "Send `Authorization: Bearer …` with a key of `mediad key create`, or with a fresh token of the platform."
            )
        case .forbidden:
            Entry(
                403, "Not allowed",
                cause: "Who asks is known and may not do this: a key without the scope, or a user whose file it isn't.",
                mend:
                    "Use a key with the scope that `detail` names. Asked for from outside, `/metrics` answers this, too."
            )
        case .linkExpired:
            Entry(
                403, "Link expired", cause: "The signed link's time is over.",
                mend: "Ask whoever gave it for a new one.")
        case .linkRevoked:
            Entry(
                403, "Link revoked", cause: "The signed link was revoked, with its file's links, or with its key.",
                mend: "Ask whoever gave it for a new one.")
        case .linkUsedUp:
            Entry(
                403, "Link used up", cause: "The signed link was good for a number of requests, and they are made.",
                mend: "Ask whoever gave it for a new one; each range that a player asks for counts.")
        case .linkWrongNetwork:
            Entry(
                403, "Link of another network", cause: "The signed link holds in one network only, and this isn't it.",
                mend: "Use it there. Behind a proxy, its networks have to be in `MEDIA_TRUSTED_PROXIES`.")
        case .notFound:
            Entry(
                404, "Not found",
                cause:
                    "There is nothing at this path, or there is and who asks may not know of it. Deleted records are gone, too.",
                mend:
                    "Check the id; a deleted record can be restored for `MEDIA_RETENTION` by `POST /v1/media/{id}/restore`."
            )
        case .notStaged:
            Entry(
                404, "No staged file",
                cause:
                    "`url` is one of this service, and no uploaded file waits there for its record: it has expired, or never was.",
                mend: "Upload the file again, and create the record within `MEDIA_STAGED_TTL`.")
        case .methodNotAllowed:
            Entry(
                405, "Method not allowed", cause: "The resource is there and doesn't take this method.",
                mend: "`Allow` names those that it takes.")
        case .requestTimeout:
            Entry(
                408, "Request timeout", cause: "The request stood still for longer than `MEDIA_CLIENT_TIMEOUT`.",
                mend: "Send it again.")
        default: conflict
        }
    }

    private var conflict: Entry {
        switch self {
        case .notReady:
            Entry(
                409, "Not ready", cause: "The file is still being processed, or could not be.",
                mend: "With `Retry-After` it may be ready then. The record's `failureReason` says why it failed.")
        case .wrongStatus:
            Entry(
                409, "Wrong status", cause: "A record of this `status` can't take this step of its life.",
                mend: "Read the record; only PROCESSING becomes READY or FAILED.")
        case .referenced:
            Entry(
                409, "Still referenced", cause: "The file still belongs to the entities that `errors` names.",
                mend: "Take it from them first, or delete it with `?force=true`.")
        case .currentVersion:
            Entry(
                409, "Current version", cause: "The version to remove is the file that the record has now.",
                mend: "Replace the file first, or delete the record.")
        case .outside:
            Entry(
                409, "File outside", cause: "The record points to a file elsewhere, which has no versions here.",
                mend: "Change `url`, or upload the file as a new record.")
        case .storedHere:
            Entry(
                409, "File stored here", cause: "The record's file is stored here, so it can't point elsewhere.",
                mend: "Replace the file by `PUT /v1/media/{id}/file`.")
        case .alreadyAdopted:
            Entry(
                409, "Already adopted", cause: "Another user's record was made of this staged file.",
                mend: "Upload the file again.")
        case .idempotencyInProgress:
            Entry(
                409, "Still in progress", cause: "A request with this `Idempotency-Key` is being carried out.",
                mend: "Send it again after `Retry-After`: then it has its answer.")
        case .offsetMismatch:
            Entry(
                409, "Offset mismatch", cause: "`Upload-Offset` isn't where the upload's bytes end.",
                mend: "Ask for it by `HEAD`, and go on from there. tus clients do so by themselves.")
        case .uploadExpired:
            Entry(
                410, "Upload expired",
                cause: "The upload was not gone on with for `MEDIA_UPLOAD_TTL`, or its bytes are lost.",
                mend: "Begin a new one.")
        case .uploadLocked:
            Entry(
                423, "Upload locked", cause: "Another request is at this upload, and it could not be ended.",
                mend: "Send it again after `Retry-After`.")
        case .checksumMismatch:
            Entry(
                460, "Checksum mismatch",
                cause: "The bytes of this request aren't those that `Upload-Checksum` says. None was kept.",
                mend: "Send them again.")
        case .tooManyUploads:
            Entry(
                429, "Too many uploads",
                cause: "The user has as many unfinished uploads as `MEDIA_USER_MAX_UPLOADS` allows.",
                mend: "Finish some, or end them by `DELETE`; they end by themselves after `MEDIA_UPLOAD_TTL`.")
        case .tusVersion:
            Entry(
                412, "Version of tus", cause: "`Tus-Resumable` doesn't name the version that is spoken here.",
                mend: "Use 1.0.0; `Tus-Version` says so.")
        case .lengthRequired:
            Entry(
                411, "Length required", cause: "The request has a body of unknown length.",
                mend: "Send `Content-Length`.")
        case .preconditionFailed:
            Entry(
                412, "Precondition failed",
                cause: "The record isn't the one that `If-Match` names: somebody has changed it.",
                mend: "Read it again, and send the change with its new `ETag`.")
        case .tooLarge:
            Entry(
                413, "Too large", cause: "The body, a file or a message is larger than a limit allows.",
                mend: "`detail` names the limit; the settings that end in `_MAX_BYTES` set them.")
        case .quotaExceeded:
            Entry(
                413, "Quota exceeded",
                cause: "The user's files would take more than `MEDIA_USER_MAX_BYTES` or `MEDIA_USER_MAX_FILES`.",
                mend:
                    "Remove some for good (`?hard=true`): deleted ones count until they are. `GET /v1/users/{id}/usage` tells."
            )
        case .answerTooLong:
            Entry(
                413, "Answer too long",
                cause: "The answer is too long to be kept for its `Idempotency-Key`. Nothing was done.",
                mend: "Ask for less at once, or without the key.")
        case .uriTooLong:
            Entry(414, "URI too long", cause: "The URL is longer than nginx takes.", mend: "Shorten the query.")
        case .unsupportedMediaType:
            Entry(
                415, "Unsupported media type",
                cause:
                    "The body's `Content-Type` isn't one that the resource takes; or a file's type isn't accepted, or isn't what its name or its declared type says.",
                mend:
                    "`detail` says which. Types are told by the bytes; `MEDIA_ALLOWED_TYPES` says what may be uploaded."
            )
        case .infected:
            Entry(
                422, "Infected file", cause: "The virus scanner has found the signature that `detail` names.",
                mend: "Don't open the file. If it is harmless, the operator looks at the scanner's signatures.")
        case .directUnavailable:
            Entry(
                409, "No direct upload",
                cause: "By the settings such a file goes into a store that takes none from others.",
                mend: "Send it to this service: POST /v1/media, or in pieces to /v1/uploads.")
        case .uploadIncomplete:
            Entry(
                409, "Upload incomplete", cause: "Not all of the file has come to the store.",
                mend: "Send the requests that are missing, then complete the upload again.")
        case .importFailed:
            Entry(
                422, "Import failed", cause: "The file's URL could not be fetched; `detail` says why.",
                mend: "See to it that the URL leads to a file on the public Internet, and import it anew.")
        case .rangeNotSatisfiable:
            Entry(
                416, "Range not satisfiable", cause: "The range lies behind the file's end.",
                mend: "`Content-Range` has the file's size.")
        case .idempotencyKeyReused:
            Entry(
                422, "Idempotency key reused", cause: "The `Idempotency-Key` was used for another request.",
                mend: "Use a new key for each request, such as a UUID.")
        case .tooManyRequests:
            Entry(
                429, "Too many requests", cause: "One client has sent more requests than it may.",
                mend:
                    "Slow down, and send it again after `Retry-After`. `MEDIA_ADDRESS_RATE` and the settings beside it set the limits."
            )
        case .headerTooLarge:
            Entry(
                431, "Header fields too large", cause: "The header fields are longer than `MEDIA_HEADER_MAX_BYTES`.",
                mend: "Send fewer or shorter ones; cookies are usual suspects.")
        default: failure
        }
    }

    private var failure: Entry {
        switch self {
        case .internalError:
            Entry(
                500, "Internal error", cause: "Something failed in the service.",
                mend: "The log has the cause under `requestId`; tell the operator.")
        case .notImplemented:
            Entry(
                501, "Not implemented", cause: "nginx doesn't speak this method or transfer coding.",
                mend: "Use `chunked`, or send `Content-Length`.")
        case .linksSwitchedOff:
            Entry(501, "Links are switched off", cause: "`MEDIA_LINK_SECRET` isn't set.", mend: "Set it, and reload.")
        case .unavailable:
            Entry(
                503, "Unavailable", cause: "MariaDB, the store or all workers can't be reached now. Nothing was done.",
                mend: "Send it again after `Retry-After`. The operator looks at `/readyz` and runs `mediad doctor`.")
        case .outcomeUnknown:
            Entry(
                503, "Outcome unknown", cause: "The database or the worker went away meanwhile: this was done, or not.",
                mend: "Read the record. With an `Idempotency-Key` the request can simply be sent again.")
        case .uploadFailed:
            Entry(
                503, "Upload failed", cause: "nginx could not take the body in, or no worker could be asked.",
                mend: "Send it again; nginx's error log has the cause.")
        case .httpVersion:
            Entry(
                505, "HTTP version not supported", cause: "The request's version of HTTP isn't spoken here.",
                mend: "Use 1.1 or 2.")
        case .insufficientStorage:
            Entry(
                507, "Insufficient storage",
                cause: "The store has less room left than `MEDIA_STORE_RESERVE_BYTES`, or none.",
                mend: "The operator makes room; then send it again.")
        case .totalQuotaExceeded:
            Entry(
                507, "Total quota exceeded",
                cause: "All files together would take more than `MEDIA_TOTAL_MAX_BYTES` or `MEDIA_TOTAL_MAX_FILES`.",
                mend: "The operator raises the limit, or removes files.")
        default: preconditionFailure("\(rawValue) has no entry")
        }
    }
}
