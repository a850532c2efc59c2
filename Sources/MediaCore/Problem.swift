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

    package var code: ProblemCode
    /// For people.
    package var detail: String
    package var errors: [FieldError]
    /// Seconds after which a try may succeed (RFC 9110 §10.2.3).
    package var retryAfter: Int?

    package init(_ code: ProblemCode, _ detail: String, errors: [FieldError] = [], retryAfter: Int? = nil) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retryAfter = retryAfter
    }

    /// The HTTP status (RFC 9110 §15).
    package var status: Int { code.entry.status }

    /// The members of RFC 9457 §3.1 and the extensions `code`, `requestId` and `errors`.
    ///
    /// - Parameter baseURL: where the catalogue of errors is, to which `type` leads.
    package func json(baseURL: String, requestID: String) -> JSON {
        let entry = code.entry
        var members: [JSON.Member] = [
            .init("type", .string("\(baseURL)/docs/errors#\(code.rawValue)")),
            .init("title", .string(entry.title)),
            .init("status", .integer(Int64(entry.status))),
            .init("code", .string(code.rawValue)),
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

extension Problem: CustomStringConvertible {
    /// For logs and terminals.
    package var description: String { "\(code.rawValue): \(detail)" }
}
