package import HTTPTypes

/// A request that can't be served as it is, whatever it is about.
package struct HTTPError: Error, Equatable {
    package var status: HTTPResponse.Status
    package var code: String
    /// What of the request is wrong, such as `body` or a parameter's name.
    package var field: String?
    package var reason: String
    /// The methods a resource has, on 405 (RFC 9110 §15.5.6).
    package var allow: [HTTPRequest.Method] = []

    package init(status: HTTPResponse.Status, code: String, field: String? = nil, reason: String) {
        self.status = status
        self.code = code
        self.field = field
        self.reason = reason
    }

    package static func badRequest(_ field: String, _ reason: String) -> HTTPError {
        HTTPError(status: .badRequest, code: "invalid_request", field: field, reason: reason)
    }

    static func headerTooLarge(limit: Int) -> HTTPError {
        HTTPError(
            status: .requestHeaderFieldsTooLarge, code: "header_too_large", field: "header",
            reason: "must not be longer than \(limit) bytes in all")
    }

    static func bodyTooLarge(limit: Int) -> HTTPError {
        HTTPError(
            status: .contentTooLarge, code: "too_large", field: "body", reason: "must not be longer than \(limit) bytes"
        )
    }
}
