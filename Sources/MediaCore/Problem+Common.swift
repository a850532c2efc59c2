extension Problem {
    /// 400: something in the request has the wrong form.
    package static func invalid(_ errors: [FieldError]) -> Problem {
        Problem(.invalidRequest, errors.map { "\($0.field): \($0.reason)" }.joined(separator: "; "), errors: errors)
    }

    /// 400: one field has the wrong form.
    package static func invalid(_ field: String, _ reason: String) -> Problem {
        invalid([FieldError(field, reason)])
    }

    /// 401: who calls isn't known (RFC 9110 §15.5.2).
    package static func unauthenticated(_ detail: String) -> Problem {
        Problem(.unauthenticated, detail)
    }

    /// 403: who calls is known and may not do this.
    package static func forbidden(_ detail: String) -> Problem {
        Problem(.forbidden, detail)
    }

    /// 404: in the platform's words.
    package static func mediaNotFound(_ id: String) -> Problem {
        Problem(.notFound, "Media with ID \(id) not found")
    }

    /// 409: the file is known and can't be had, or not yet.
    package static func notReady(_ status: MediaStatus) -> Problem {
        Problem(
            .notReady,
            status == .processing ? "The file is still being processed." : "The file could not be processed.",
            retryAfter: status == .processing ? 5 : nil)
    }

    /// 413: more bytes than a limit allows; says which limit and how much.
    package static func tooLarge(_ field: String, limit: Int64, _ reason: String) -> Problem {
        Problem(
            .tooLarge, "\(field): \(reason) (the limit is \(limit) bytes)",
            errors: [FieldError(field, "\(reason) (the limit is \(limit) bytes)")])
    }

    /// 415: a file's type isn't accepted, or isn't what it was declared to be.
    package static func unsupportedType(_ field: String, _ reason: String) -> Problem {
        Problem(
            .unsupportedMediaType, "\(field): \(reason)",
            errors: [FieldError(field, reason)])
    }

    /// 413: more than a user's files may take.
    package static func quotaExceeded(_ excess: String) -> Problem {
        Problem(.quotaExceeded, "The user's files would take \(excess).")
    }

    /// 507: more than all files may take (RFC 4918 §11.5).
    package static func totalQuotaExceeded(_ excess: String) -> Problem {
        Problem(.totalQuotaExceeded, "All files together would take \(excess).")
    }

    /// 503: a part of the service can't be reached now.
    package static func unavailable(_ detail: String, retryAfter: Int = 5) -> Problem {
        Problem(.unavailable, detail, retryAfter: retryAfter)
    }

    /// 503: the database went away within a request, before, in or after its transaction.
    package static let outcomeUnknown = Problem(
        .outcomeUnknown, "The database went away meanwhile: this may have been done or not. Read the record.",
        retryAfter: 5)

    /// 507: the store has no room (RFC 4918 §11.5).
    package static let insufficientStorage = Problem(
        .insufficientStorage, "The store has no room for this file.", retryAfter: 300)

    /// 500: a fault of the service; the log has the cause under the request's id.
    package static let internalError = Problem(
        .internalError, "Something failed in the service. Its log has the cause under this request's id.")
}
