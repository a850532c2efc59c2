/// What an answer says when a request failed: problem details as in RFC 9457, with a stable `code`.
///
/// Everything in it is public. What an operator needs to know goes to the log.
package struct Problem: Error, Equatable, Sendable {
    /// One thing that is wrong with the input.
    package struct FieldError: Equatable, Sendable {
        package var field: String
        package var reason: String

        package init(_ field: String, _ reason: String) {
            self.field = field
            self.reason = reason
        }
    }

    /// The HTTP status (RFC 9110 §15).
    package var status: Int
    /// Stable for programs, such as `not_found`.
    package var code: String
    /// For people.
    package var detail: String
    package var errors: [FieldError]
    /// Seconds after which a try may succeed (RFC 9110 §10.2.3).
    package var retryAfter: Int?

    package init(
        status: Int, code: String, detail: String, errors: [FieldError] = [], retryAfter: Int? = nil
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retryAfter = retryAfter
    }

    /// The members of RFC 9457 §3.1 and the extensions `code`, `requestId` and `errors`.
    ///
    /// - Parameter title: the status code's reason phrase.
    package func json(title: String, requestID: String) -> JSON {
        var members: [JSON.Member] = [
            .init("type", .string("about:blank")),
            .init("title", .string(title)),
            .init("status", .integer(Int64(status))),
            .init("code", .string(code)),
            .init("detail", .string(detail)),
            .init("requestId", .string(requestID)),
        ]
        if !errors.isEmpty {
            members.append(
                .init(
                    "errors",
                    .array(
                        errors.map {
                            .object([.init("field", .string($0.field)), .init("reason", .string($0.reason))])
                        })))
        }
        return .object(members)
    }
}
